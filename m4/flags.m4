dnl Compiler and linker flags, each tried before it is used. They end in SLUICE_CFLAGS and SLUICE_LDFLAGS, so that CFLAGS
dnl and LDFLAGS stay the user's own and come last.

dnl SLUICE_CFLAG(flags, [otherwise]): adds the flags when the compiler takes them without a word.
AC_DEFUN([SLUICE_CFLAG], [
AC_MSG_CHECKING([whether $CC takes $1])
sluice_saved_cflags=$CFLAGS
CFLAGS="$CFLAGS -Werror $1"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[char a[64]; memset(a, 0, sizeof(a)); return a[0];]])],
    [sluice_taken=yes], [sluice_taken=no])
CFLAGS=$sluice_saved_cflags
AC_MSG_RESULT([$sluice_taken])
AS_IF([test $sluice_taken = yes], [AS_VAR_APPEND([SLUICE_CFLAGS], [" $1"])], [$2])
])

dnl SLUICE_LDFLAG(flags): the same for the linker.
AC_DEFUN([SLUICE_LDFLAG], [
AC_MSG_CHECKING([whether the linker takes $1])
sluice_saved_cflags=$CFLAGS
sluice_saved_ldflags=$LDFLAGS
CFLAGS="$CFLAGS $SLUICE_CFLAGS"
LDFLAGS="$LDFLAGS -Werror $1"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [sluice_taken=yes], [sluice_taken=no])
CFLAGS=$sluice_saved_cflags
LDFLAGS=$sluice_saved_ldflags
AC_MSG_RESULT([$sluice_taken])
AS_IF([test $sluice_taken = yes], [AS_VAR_APPEND([SLUICE_LDFLAGS], [" $1"])])
])

dnl SLUICE_FORTIFY: the highest level that compiler and C library know together. Needs optimisation, so it is tried with the
dnl user's CFLAGS and silently absent at -O0.
AC_DEFUN([SLUICE_FORTIFY], [
for sluice_level in 3 2; do
    sluice_flags="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$sluice_level"
    AC_MSG_CHECKING([whether _FORTIFY_SOURCE=$sluice_level works])
    sluice_saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -Werror $sluice_flags"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>
#if __USE_FORTIFY_LEVEL != _FORTIFY_SOURCE
#error "another level is in force"
#endif]], [])], [sluice_taken=yes], [sluice_taken=no])
    CFLAGS=$sluice_saved_cflags
    AC_MSG_RESULT([$sluice_taken])
    AS_IF([test $sluice_taken = yes], [AS_VAR_APPEND([SLUICE_CFLAGS], [" $sluice_flags"])
        break])
done
])

dnl SLUICE_WARNINGS(yes|no: as errors)
AC_DEFUN([SLUICE_WARNINGS], [
SLUICE_CFLAG([-Wall])
SLUICE_CFLAG([-Wextra])
SLUICE_CFLAG([-Wconversion])
SLUICE_CFLAG([-Wshadow])
SLUICE_CFLAG([-Wstrict-prototypes])
SLUICE_CFLAG([-Wmissing-prototypes])
SLUICE_CFLAG([-Wformat=2])
SLUICE_CFLAG([-Wundef])
SLUICE_CFLAG([-Wvla])
dnl Cutting a message to its buffer is what snprintf() is for here.
SLUICE_CFLAG([-Wno-format-truncation])
AS_IF([test "$1" = yes], [AS_VAR_APPEND([SLUICE_CFLAGS], [" -Werror"])])
])

dnl SLUICE_SANITIZER_FLAGS(list or no, yes|no: for fuzzing): sets sluice_sanitized to yes or no.
AC_DEFUN([SLUICE_SANITIZER_FLAGS], [
sluice_sanitizers=$1
AS_CASE([$sluice_sanitizers], [no], [sluice_sanitizers=], [yes], [sluice_sanitizers=address,undefined])
AS_IF([test "$2" = yes], [sluice_sanitizers="fuzzer-no-link,${sluice_sanitizers:-address,undefined}"])
sluice_sanitized=no
AS_IF([test -n "$sluice_sanitizers"], [
    sluice_sanitized=yes
    sluice_flags="-fsanitize=$sluice_sanitizers -fno-sanitize-recover=all"
    sluice_saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS $sluice_flags"
    AC_MSG_CHECKING([whether $CC links with $sluice_flags])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([$CC cannot: apt-get install libclang-rt-14-dev for clang, or see config.log])])
    CFLAGS=$sluice_saved_cflags
    AS_VAR_APPEND([SLUICE_CFLAGS], [" $sluice_flags"])
    AS_VAR_APPEND([SLUICE_LDFLAGS], [" $sluice_flags"])
])
])

dnl SLUICE_HARDENING(yes|no, yes|no: sanitized): sets sluice_hardened to yes or no. The sanitizers bring checks of their own
dnl that FORTIFY would hide, and zeroed variables would hide the reads of unset ones.
AC_DEFUN([SLUICE_HARDENING], [
SLUICE_CFLAG([-fno-omit-frame-pointer])
sluice_hardened=no
AS_IF([test "$1$2" = yesno], [
    sluice_hardened=yes
    SLUICE_CFLAG([-fPIE])
    SLUICE_LDFLAG([-pie])
    SLUICE_CFLAG([-fstack-protector-strong])
    SLUICE_CFLAG([-fstack-clash-protection])
    SLUICE_CFLAG([-fcf-protection])
    SLUICE_CFLAG([-ftrivial-auto-var-init=zero],
        [SLUICE_CFLAG([-ftrivial-auto-var-init=zero -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang])])
    SLUICE_FORTIFY
    SLUICE_LDFLAG([[-Wl,-z,relro,-z,now]])
    SLUICE_LDFLAG([[-Wl,-z,noexecstack]])
])
])
