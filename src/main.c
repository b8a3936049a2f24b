#include "cli.h"
#include "run/program.h"

int main(int argc, char **argv)
{
    if (program_init() < 0)
        return 1;
    int status = cli_main(argc, argv);
    program_fini();
    return status;
}
