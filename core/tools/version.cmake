# Writes HEADER from TEMPLATE with the version of the tree at SOURCE, if it differs.
execute_process(COMMAND git -C ${SOURCE} describe --tags --always --dirty
  OUTPUT_VARIABLE POSTERN_VERSION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR POSTERN_VERSION STREQUAL "")
  set(POSTERN_VERSION "unversioned")
endif()
configure_file(${TEMPLATE} ${HEADER} @ONLY)
