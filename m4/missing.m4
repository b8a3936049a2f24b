dnl Libraries that must be there. A missing one is remembered with the Debian package that brings it, and all are reported
dnl together, so that nobody has to run configure six times.

dnl SLUICE_MISSING_INIT
AC_DEFUN([SLUICE_MISSING_INIT], [
sluice_missing=
sluice_missing_packages=
])

dnl SLUICE_MISSING(what, package)
AC_DEFUN([SLUICE_MISSING], [
AS_VAR_APPEND([sluice_missing], ["
  $1 is missing: apt-get install $2"])
AS_VAR_APPEND([sluice_missing_packages], [" $2"])
])

dnl SLUICE_MISSING_REPORT: stops when something is missing.
AC_DEFUN([SLUICE_MISSING_REPORT], [
AS_IF([test -n "$sluice_missing"], [AC_MSG_ERROR([cannot build:$sluice_missing
All at once: apt-get install$sluice_missing_packages])])
])

dnl SLUICE_LIBRARY(variable prefix, module, what, package): a library that pkg-config knows.
AC_DEFUN([SLUICE_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2], [], [SLUICE_MISSING([$3], [$4])])
])

dnl SLUICE_PLAIN_LIBRARY(variable prefix, library, header, function, what, package): one that pkg-config does not know.
AC_DEFUN([SLUICE_PLAIN_LIBRARY], [
AC_CHECK_HEADER([$3],
    [sluice_saved_libs=$LIBS
     LIBS=
     AC_SEARCH_LIBS([$4], [$2], [AC_SUBST([$1_LIBS], ["$LIBS"])], [SLUICE_MISSING([$5], [$6])])
     LIBS=$sluice_saved_libs],
    [SLUICE_MISSING([$5], [$6])])
])
