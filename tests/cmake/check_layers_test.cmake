# Runs cmake/check_layers.cmake on made-up trees: which includes it lets pass and which it refuses.
# Run with -DCHECK=<check_layers.cmake> -DWORK=<folder to write in>.

file(REMOVE_RECURSE ${WORK})
file(WRITE ${WORK}/layers.cmake
  "set(MODULES \"low;high;top\")\nset(DEPS_low \"\")\nset(DEPS_high \"low\")\nset(DEPS_top \"high\")\n")

# expect(STATUS MODULE LINE): a file of MODULE with this line is "accepted" or "refused".
function(expect status module line)
  file(REMOVE_RECURSE ${WORK}/src)
  file(WRITE ${WORK}/src/${module}/some/file.hpp "#pragma once\n${line}\n")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DTABLE=${WORK}/layers.cmake -DSOURCE=${WORK}/src -P ${CHECK}
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE out)
  set(actual "accepted")
  if(NOT result EQUAL 0)
    set(actual "refused")
    string(FIND "${out}" "${module}/some/file.hpp" named)
    if(named EQUAL -1)
      message(SEND_ERROR "the refusal of '${line}' in ${module} does not name the file: ${out}")
    endif()
  endif()
  if(NOT actual STREQUAL status)
    message(SEND_ERROR "'${line}' in ${module} is ${actual}, not ${status}: ${out}")
  endif()
endfunction()

expect(accepted high "#include \"low/a.hpp\"")
expect(accepted top "#include <low/a.hpp>")
expect(accepted high "#include \"high/a.hpp\"")
expect(accepted low "#include <vector>")
expect(accepted low "#include <outside/high/a.hpp>")
expect(accepted low "// as in #include \"high/a.hpp\"")

expect(refused low "#include \"high/a.hpp\"")
expect(refused low "#include <high/a.hpp>")
expect(refused low "#include\"high/a.hpp\"")
expect(refused low "# include \"high/a.hpp\"")
expect(refused low "  #\tinclude  <high/a.hpp>")
expect(refused high "#include \"top/a.hpp\" // why not")
expect(refused low "#include \"../high/a.hpp\"")
expect(refused high "#include \"../low/a.hpp\"")
expect(refused low "#include <low/../high/a.hpp>")
expect(refused low "#include \"./../../high/a.hpp\"")
expect(refused low "#include \".//../high/a.hpp\"")
expect(refused low "#include \"/src/high/a.hpp\"")
