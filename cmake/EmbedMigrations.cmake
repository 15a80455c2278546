# patchmill_embed_migrations(TARGET): compiles every src/store/migrations/NNNN_name.sql into TARGET.
# Run with -DFOLDER=… -DOUTPUT=… -P it writes the source file itself.

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB files ${FOLDER}/[0-9][0-9][0-9][0-9]_*.sql)
  list(SORT files)
  set(text "// Made from src/store/migrations by cmake/EmbedMigrations.cmake.\n#include \"store/embedded_migrations.hpp\"\n\n")
  string(APPEND text "namespace patchmill::store {\n\nstd::span<const EmbeddedMigration> embedded_migrations() {\n")
  string(APPEND text "  static constexpr EmbeddedMigration all[] = {\n")
  set(previous 0)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(REGEX REPLACE "^0*([0-9]+)_.*$" "\\1" number ${name})
    if(number LESS_EQUAL previous)
      message(FATAL_ERROR "${file}: the number ${number} is used twice")
    endif()
    set(previous ${number})
    file(READ ${file} sql)
    string(APPEND text "      {${number}, \"${name}\", R\"PATCHMILL(${sql})PATCHMILL\"},\n")
  endforeach()
  string(APPEND text "  };\n  return all;\n}\n\n}  // namespace patchmill::store\n")
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

function(patchmill_embed_migrations target)
  set(folder ${CMAKE_SOURCE_DIR}/src/store/migrations)
  set(output ${CMAKE_BINARY_DIR}/generated/embedded_migrations.cpp)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output}
            -P ${CMAKE_SOURCE_DIR}/cmake/EmbedMigrations.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedMigrations.cmake
    COMMENT "Embedding the migrations"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
