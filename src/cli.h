/* cli: the command line into one call of run/program.h. */
#ifndef SLUICE_CLI_H
#define SLUICE_CLI_H

/* The program's exit status; 2 for a command line that makes no sense. */
int cli_main(int argc, char **argv);

#endif
