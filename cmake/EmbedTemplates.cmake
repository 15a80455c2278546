# patchmill_embed_templates(TARGET): compiles every src/reports/templates/NAME.txt into TARGET and
# installs them as files to copy and edit.
# Run with -DFOLDER=… -DOUTPUT=… -P it writes the source file itself.

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB files ${FOLDER}/*.txt)
  list(SORT files)
  set(text "// Made from src/reports/templates by cmake/EmbedTemplates.cmake.\n#include \"reports/template_set.hpp\"\n\n")
  string(APPEND text "namespace patchmill::reports {\n\nstd::span<const EmbeddedTemplate> embedded_templates() {\n")
  string(APPEND text "  static constexpr EmbeddedTemplate all[] = {\n")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    # Not through a list variable: semicolons and brackets of the text must survive.
    file(READ ${file} content)
    string(APPEND text "      {\"${name}\", R\"PATCHMILL(${content})PATCHMILL\"},\n")
  endforeach()
  string(APPEND text "  };\n  return all;\n}\n\n}  // namespace patchmill::reports\n")
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

function(patchmill_embed_templates target)
  set(folder ${CMAKE_SOURCE_DIR}/src/reports/templates)
  set(output ${CMAKE_BINARY_DIR}/generated/embedded_templates.cpp)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.txt)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output}
            -P ${CMAKE_SOURCE_DIR}/cmake/EmbedTemplates.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedTemplates.cmake
    COMMENT "Embedding the mail templates"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  install(FILES ${files} DESTINATION share/patchmill/mail-templates)
endfunction()
