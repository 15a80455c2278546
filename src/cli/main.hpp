#pragma once

namespace patchmill::cli {

// The whole program: parses the command line, runs the subcommand, returns the exit status
// (0 pass, 1 a verdict failed, 2 wrong use, 3 could not tell).
int main(int argc, char** argv);

}  // namespace patchmill::cli
