/* Fills in a page of the manual: a line "@name@" becomes the table of that name, in mdoc, from the
 * same rows that the program is made from. Run at build time: gen_man < PAGE.in > PAGE */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/schema.h"
#include "proxy/close_reason.h"

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
    fputs(".Bl -tag -width Ds\n", stdout);
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

static void print_keys(void)
{
    for (size_t id = 0; id < SECTION_COUNT; id++)
        if (schema_sections[id].supported)
            print_section((enum schema_section_id)id);
}

/* ---- the logs ---- */

/* A sentence of a table: without a capital, without a full stop. */
static void print_sentence(const char *s)
{
    char sentence[256];
    struct text t;
    text_init(&t, sentence, sizeof(sentence));
    text_printf(&t, "%c%s.", toupper((unsigned char)s[0]), s + 1);
    print_prose(sentence);
}

static void print_field(const char *word, const char *when, const char *sentence)
{
    printf(".It Cm %s\n", word);
    print_sentence(sentence);
    if (when)
        printf("Only where %s.\n", when);
}

static void print_access_fields(void)
{
    fputs(".Bl -tag -width t_handshake_us\n", stdout);
#define FIELD(name, word, when, sentence) print_field(word, when, sentence);
#include "proxy/access_fields.def"
#undef FIELD
    fputs(".El\n", stdout);
}

static void print_steps(void)
{
    static const char *const names[] = {
#define STEP(name, ...) #name,
#include "proxy/session_steps.def"
#undef STEP
    };
    const char *comma = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        printf("%s.Cm %s", comma, names[i]);
        comma = " ,\n";
    }
    fputs(" .\n", stdout);
}

static void print_close_reasons(void)
{
    fputs(".Bl -tag -width half-close-timeout\n", stdout);
    for (int i = 0; i < CLOSE_REASONS; i++) {
        const struct close_reason_info *info = close_reason_info((enum close_reason)i);
        fputs(".It Cm ", stdout);
        print_word(info->word, strlen(info->word));
        printf(" Pq %s%s\n", close_reason_side(info), info->is_error ? ", error" : "");
        print_sentence(info->sentence);
    }
    fputs(".El\n", stdout);
}

/* ---- a page ---- */

static bool print_table(const char *line)
{
    static const struct {
        const char *line;
        void (*print)(void);
    } tables[] = {
        {"@keys@\n", print_keys},
        {"@later@\n", print_later},
        {"@access-fields@\n", print_access_fields},
        {"@steps@\n", print_steps},
        {"@close-reasons@\n", print_close_reasons},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        if (!strcmp(line, tables[i].line)) {
            tables[i].print();
            return true;
        }
    fprintf(stderr, "gen_man: there is no table %s", line);
    return false;
}

int main(void)
{
    char line[512];
    while (fgets(line, sizeof(line), stdin)) {
        if (line[0] != '@')
            fputs(line, stdout);
        else if (!print_table(line))
            return 1;
    }
    return ferror(stdin) || fflush(stdout) || ferror(stdout);
}
