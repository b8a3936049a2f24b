# The manual. sluice.ini(5) is printed from the table that also makes the parser.
noinst_PROGRAMS += docs/gen_man
docs_gen_man_SOURCES = docs/gen_man.c
docs_gen_man_LDADD = $(PROGRAM_LIBS)

man_MANS += docs/sluice.8 docs/sluice.ini.5
CLEANFILES += docs/sluice.ini.5 docs/sluice.ini.5.new

docs/sluice.ini.5: docs/gen_man$(EXEEXT)
	$(AM_V_GEN)docs/gen_man$(EXEEXT) > $@.new && mv $@.new $@
