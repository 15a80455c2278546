#include "cli/main.hpp"

namespace patchmill::cli {

int main(int /*argc*/, char** /*argv*/) { return 2; }

}  // namespace patchmill::cli
