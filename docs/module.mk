# The manual. Its tables are printed from the lists that also make the program.
noinst_PROGRAMS += docs/gen_man
docs_gen_man_SOURCES = docs/gen_man.c
docs_gen_man_LDADD = $(PROGRAM_LIBS)

MANUAL = docs/sluice.8 docs/sluice.ini.5
man_MANS += $(MANUAL)
EXTRA_DIST += $(MANUAL:=.in)
CLEANFILES += $(MANUAL) $(MANUAL:=.new)

docs/sluice.8: docs/sluice.8.in
docs/sluice.ini.5: docs/sluice.ini.5.in

$(MANUAL): docs/gen_man$(EXEEXT)
	$(AM_V_GEN)docs/gen_man$(EXEEXT) < $(srcdir)/$@.in > $@.new && mv $@.new $@
