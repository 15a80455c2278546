#include "cli/main.hpp"

int main(int argc, char** argv) {
  return patchmill::cli::main(argc, argv);
}
