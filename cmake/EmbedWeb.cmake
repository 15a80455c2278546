# patchmill_embed_web(TARGET): compiles src/web/templates/*.html and src/web/static/* into TARGET,
# the latter compressed too.
# Run with -DFOLDER=… -DOUTPUT=… -DWORK=… -P it writes the source file itself.

if(CMAKE_SCRIPT_MODE_FILE)
  # An .incbin a file: no limit on its size, no time lost on parsing it.
  set(assembly "// Made from src/web by cmake/EmbedWeb.cmake.\n#include \"web/view.hpp\"\n\n")
  set(tables "")
  set(number 0)
  file(MAKE_DIRECTORY ${WORK})
  find_program(GZIP gzip REQUIRED)
  foreach(kind IN ITEMS templates assets)
    if(kind STREQUAL "templates")
      file(GLOB files ${FOLDER}/templates/*.html)
    else()
      file(GLOB files ${FOLDER}/static/*)
    endif()
    list(SORT files)
    string(APPEND tables "std::span<const EmbeddedFile> embedded_${kind}() {\n  static const EmbeddedFile all[] = {\n")
    foreach(file IN LISTS files)
      if(kind STREQUAL "templates")
        get_filename_component(name ${file} NAME_WE)
        set(packed "")
      else()
        get_filename_component(name ${file} NAME)
        set(packed ${WORK}/${name}.gz)
        execute_process(COMMAND ${GZIP} -9 -n -c ${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
      endif()
      math(EXPR number "${number} + 1")
      set(parts ${file})
      if(packed)
        list(APPEND parts ${packed})
      endif()
      set(views "")
      set(which a)
      foreach(part IN LISTS parts)
        set(symbol patchmill_web_${number}${which})
        file(SHA256 ${part} digest)
        string(APPEND assembly
          "// ${digest}\n"
          "__asm__(\".section .rodata\\n.global ${symbol}\\n${symbol}:\\n.incbin \\\"${part}\\\"\\n"
          ".global ${symbol}_end\\n${symbol}_end:\\n.byte 0\\n.previous\\n\");\n"
          "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n")
        string(APPEND views ", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}")
        set(which b)
      endforeach()
      if(NOT packed)
        string(APPEND views ", {}")
      endif()
      string(APPEND tables "      {\"${name}\"${views}},\n")
    endforeach()
    string(APPEND tables "  };\n  return all;\n}\n\n")
  endforeach()
  file(WRITE ${OUTPUT} "${assembly}\nnamespace patchmill::web {\n\n${tables}}  // namespace patchmill::web\n")
  return()
endif()

function(patchmill_embed_web target)
  set(folder ${CMAKE_SOURCE_DIR}/src/web)
  set(output ${CMAKE_BINARY_DIR}/generated/embedded_web.cpp)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/templates/*.html ${folder}/static/*)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output} -DWORK=${CMAKE_BINARY_DIR}/generated/web
            -P ${CMAKE_SOURCE_DIR}/cmake/EmbedWeb.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedWeb.cmake
    COMMENT "Embedding the pages"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  # The compiler does not tell what it took in by .incbin.
  set_source_files_properties(${output} PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON OBJECT_DEPENDS "${files}")
endfunction()
