/* Prints sluice.ini(5) in mdoc, from the table that also makes the parser. Run at build time:
 * gen_man > sluice.ini.5 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/schema.h"

static const char intro[] =
    ".Dd November 24, 2026\n"
    ".Dt SLUICE.INI 5\n"
    ".Os sluice\n"
    ".Sh NAME\n"
    ".Nm sluice.ini\n"
    ".Nd configuration of the sluice reverse proxy and load balancer\n"
    ".Sh DESCRIPTION\n"
    ".Xr sluice 8\n"
    "reads one INI file at start and again on\n"
    ".Dv SIGHUP .\n"
    "A reload is atomic: when there is any error in it, the running configuration\n"
    "stays in force as a whole.\n"
    "The smallest useful file:\n"
    ".Bd -literal -offset indent\n"
    "[frontend web]\n"
    "listen      = :443\n"
    "certificate = /etc/sluice/certs/web.pem\n"
    "pool        = app\n"
    "\n"
    "[pool app]\n"
    "server = a 10.0.0.11:8080\n"
    "server = b 10.0.0.12:8080\n"
    ".Ed\n"
    ".Ss The language\n"
    "A file is made of sections,\n"
    ".Ql [type]\n"
    "or\n"
    ".Ql [type name] ,\n"
    "and of lines\n"
    ".Ql key = value\n"
    "below them.\n"
    "The order of sections and of keys does not matter, but for keys that repeat.\n"
    ".Bl -bullet\n"
    ".It\n"
    "Names of sections and servers are made of letters, digits,\n"
    ".Ql _ ,\n"
    ".Ql \\&.\n"
    "and\n"
    ".Ql \\- ,\n"
    "and have at most 49 characters.\n"
    ".It\n"
    "Lines may be indented, and may have up to 8192 bytes.\n"
    "A file may have up to 1 MiB.\n"
    "It is plain text: control characters but tabs are refused.\n"
    ".It\n"
    "A comment begins with\n"
    ".Ql \\&;\n"
    "or\n"
    ".Ql #\n"
    "at the start of a line or of a value, after a blank, or after a comma.\n"
    "Inside a word both are letters like any other.\n"
    ".It\n"
    "The first\n"
    ".Ql =\n"
    "of a line ends the key;\n"
    ".Ql \\&:\n"
    "does not.\n"
    "Values are written without quotes.\n"
    ".It\n"
    "Numbers that have a unit carry it.\n"
    "Times:\n"
    ".Ql 250ms ,\n"
    ".Ql 5s ,\n"
    ".Ql 10m ,\n"
    ".Ql 12h ,\n"
    ".Ql 1d .\n"
    "Sizes, in powers of 1024:\n"
    ".Ql 512b ,\n"
    ".Ql 16k ,\n"
    ".Ql 2m ,\n"
    ".Ql 1g .\n"
    "Shares:\n"
    ".Ql 20% .\n"
    ".It\n"
    "Lists repeat the key, or use commas.\n"
    "A key that is no list and appears twice in a section is an error, and so are\n"
    "a section that appears twice, an unknown key or section, and an empty value.\n"
    ".It\n"
    ".Ql ${NAME}\n"
    "in a value takes a variable of the environment that the program was started\n"
    "with; one that is unset is an error.\n"
    "What it brings in is not expanded again.\n"
    ".It\n"
    "A setting is looked up in its own section, then in\n"
    ".Ql [defaults] ,\n"
    "then it is built in.\n"
    ".It\n"
    "No key takes a secret: secrets are files.\n"
    ".El\n"
    ".Pp\n"
    "All errors are told in one run, with file and line.\n"
    ".Ic sluice check\n"
    "tells them without touching what runs, and\n"
    ".Ic sluice check --effective\n"
    "prints every value in force and where it comes from.\n";

static const char outro[] = ".Sh FILES\n"
                            ".Bl -tag -width Ds\n"
                            ".It Pa /etc/sluice/sluice.ini\n"
                            "Read when no other file is named.\n"
                            ".El\n"
                            ".Sh SEE ALSO\n"
                            ".Xr sluice 8\n";

/* What a value of each type looks like, as mdoc. */
static const char *const type_forms[] = {
    [TYPE_DURATION] = "Ar time",
    [TYPE_DURATION_RANGE] = "Ar min Ns .. Ns Ar max",
    [TYPE_SIZE] = "Ar size",
    [TYPE_PERCENT] = "Ar share Ns %",
    [TYPE_COUNT] = "Ar number",
    [TYPE_COUNT_OR_AUTO] = "Cm auto | Ar number",
    [TYPE_USER] = "Ar user",
    [TYPE_LOG] = "Cm stderr | journal | syslog | Ar /path",
    [TYPE_ACCESS_LOG] = "Cm off | stderr | journal | syslog | Ar /path",
    [TYPE_INCLUDE] = "Ar pattern",
    [TYPE_LISTEN] = "Ar address",
    [TYPE_CERTIFICATE] = "Ar file | Cm self-signed",
    [TYPE_POOL] = "Ar name | Cm none",
    [TYPE_SERVER] = "Ar name address Op Cm weight= Ns Ar number",
    [TYPE_ADDRESS] = "Ar address",
    [TYPE_HOST] = "Ar address",
};

/* Lines of the source end with a sentence, or before column 80. */
static void print_prose(const char *s)
{
    size_t column = 0;
    while (*s) {
        size_t len = strcspn(s, " ");
        if (column && (column + 1 + len > 79 || s[-2] == '.')) {
            putchar('\n');
            column = 0;
        }
        printf("%s%.*s", column ? " " : "", (int)len, s);
        column += len + (column > 0);
        s += len + (s[len] == ' ');
    }
    putchar('\n');
}

/* What is to be typed: its hyphens are hyphens. */
static void print_word(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '-')
            putchar('\\');
        putchar(s[i]);
    }
}

static void print_form(const struct schema_key *key)
{
    const char *words = key->words, *word = NULL;
    size_t len = 0;
    if (key->type != TYPE_WORD) {
        printf(" %s", type_forms[key->type]);
        return;
    }
    for (const char *mark = " Cm "; (word = schema_next_word(&words, &len)); mark = " | ") {
        fputs(mark, stdout);
        print_word(word, len);
    }
}

static void print_facts(const struct schema_key *key)
{
    char range[64];
    struct text t;
    text_init(&t, range, sizeof(range));
    schema_format_range(key, &t);
    fputs(".Pp\n", stdout);
    if (t.len)
        printf("Range: %s.\n", range);
    if (key->fallback) {
        fputs("Default:\n.Ql ", stdout);
        print_word(key->fallback, strlen(key->fallback));
        fputs(" .\n", stdout);
    } else {
        fputs("No default.\n", stdout);
    }
    if (key->list)
        fputs("Repeatable.\n", stdout);
    if (key->in & IN_DEFAULTS)
        fputs("Also in\n.Ql [defaults] .\n", stdout);
    if (key->applies == RESTART)
        fputs("A change takes a restart.\n", stdout);
}

static void print_key(const struct schema_key *key)
{
    fputs(".It Ic ", stdout);
    print_word(key->name, strlen(key->name));
    fputs(" No =", stdout);
    print_form(key);
    putchar('\n');
    print_prose(key->help);
    print_facts(key);
}

static void print_defaults(void)
{
    const char *comma = "";
    fputs("It takes", stdout);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (schema_keys[i].in & IN_DEFAULTS) {
            printf("%s\n.Ic ", comma);
            print_word(schema_keys[i].name, strlen(schema_keys[i].name));
            comma = " ,";
        }
    fputs(" .\n", stdout);
}

static void print_section(enum schema_section_id id)
{
    char head[64];
    struct text t;
    text_init(&t, head, sizeof(head));
    schema_format_section(id, &t);
    printf(".Ss %s\\&\n", head); /* for those who take "]" for punctuation */
    print_prose(schema_sections[id].help);
    if (id == SECTION_DEFAULTS) {
        print_defaults();
        return;
    }
    if (id == SECTION_POOL)
        fputs(".Ql [backend NAME]\nmeans the same.\n", stdout);
    fputs(".Bl -tag -width Ds\n", stdout);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (schema_keys[i].in & (1u << id))
            print_key(&schema_keys[i]);
    fputs(".El\n", stdout);
}

static void print_later(void)
{
    fputs(".Sh NOT SUPPORTED YET\n"
          "These words are part of the language, and are refused by this version.\n"
          ".Bl -tag -width Ds\n",
        stdout);
    for (const struct schema_later *later = schema_later; later->name; later++) {
        char sections[128];
        struct text t;
        text_init(&t, sections, sizeof(sections));
        schema_format_sections(later->in, &t);
        fputs(".It Ic ", stdout);
        print_word(later->name, strlen(later->name));
        printf(" No in %s\n", sections);
        print_prose(later->help);
    }
    fputs(".El\n", stdout);
}

int main(void)
{
    fputs(intro, stdout);
    fputs(".Sh SECTIONS AND KEYS\n", stdout);
    for (size_t id = 0; id < SECTION_COUNT; id++)
        if (schema_sections[id].supported)
            print_section((enum schema_section_id)id);
    print_later();
    fputs(outro, stdout);
    return fflush(stdout) || ferror(stdout);
}
