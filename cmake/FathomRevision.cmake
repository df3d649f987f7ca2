# cmake -DSOURCE=... -DOUTPUT=version.cpp -DFATHOM_VERSION=... -P FathomRevision.cmake: writes the revision that is checked out.
find_program(GIT git)
set(FATHOM_REVISION unknown)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=7 --exclude=*
    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(FATHOM_REVISION ${revision})
  endif()
endif()
configure_file(${SOURCE}/app/front/version.cpp.in ${OUTPUT} @ONLY)
