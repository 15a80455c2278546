#include "checks/tool.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill;
using namespace patchmill::checks;

namespace {

class EndsWith final : public ProcessRunner {
 public:
  explicit EndsWith(Completed completed) : m_completed(std::move(completed)) {}
  Result<Completed> run(const Command&) override { return m_completed; }

 private:
  Completed m_completed;
};

std::string trouble_of(Completed completed) {
  EndsWith processes(std::move(completed));
  Context context;
  context.processes = &processes;
  ToolRun run;
  run.argv = {"shellcheck"};
  const auto done = run_tool(context, run);
  return done ? "" : done.error().message;
}

}  // namespace

TEST_CASE("checks::run_tool: a tool that was ended or did not start says nothing") {
  const auto status = [](int number, const std::string& err = "") {
    Completed completed;
    completed.status = number;
    completed.err = err;
    return completed;
  };
  CHECK(trouble_of(status(0)).empty());
  CHECK(trouble_of(status(1)).empty());
  CHECK(trouble_of(status(255)).empty());
  Completed killed;
  killed.signal = 9;
  CHECK(trouble_of(killed).find("killed by signal 9: it took too much memory") !=
        std::string::npos);
  // As bubblewrap and shells report it.
  CHECK(trouble_of(status(137)).find("too much memory") != std::string::npos);
  CHECK(trouble_of(status(152)).find("too much processor time") != std::string::npos);
  CHECK(trouble_of(status(127, "prlimit: failed to execute ruff: No such file"))
            .find("cannot be started for a check: prlimit: failed") != std::string::npos);
}
