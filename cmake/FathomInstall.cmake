# cmake --install: the program, its engine, shell completion, and the rooms as a package: find_package(fathom), fathom::solve
# for one room and what it stands on, fathom::fathom for all.
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY FATHOM_ROOMS)
add_library(fathom_all INTERFACE)
target_link_libraries(fathom_all INTERFACE ${rooms})
set_target_properties(fathom_all PROPERTIES EXPORT_NAME fathom)
add_library(fathom::fathom ALIAS fathom_all)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/fathom)
install(TARGETS ${rooms} fathom_all EXPORT fathom ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT fathom NAMESPACE fathom:: FILE fathomTargets.cmake DESTINATION ${package})
install(DIRECTORY fathom/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fathom FILES_MATCHING PATTERN "*.h")
install(TARGETS fathom RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS fathom_commands LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/fathom)
if(TARGET bench_fathom)
  install(TARGETS bench_fathom RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/fathom)  # `fathom bench` runs it
endif()

configure_package_config_file(cmake/fathomConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/fathomConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/fathomConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/fathomConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/fathomConfigVersion.cmake
              cmake/FathomLibraries.cmake DESTINATION ${package})

foreach(shell IN ITEMS bash zsh fish)
  add_custom_command(OUTPUT completion.${shell} DEPENDS fathom
    COMMAND fathom completion ${shell} > completion.${shell})
endforeach()
add_custom_target(fathom_completion ALL DEPENDS completion.bash completion.zsh completion.fish)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME fathom)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _fathom)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME fathom.fish)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fathom/models)
