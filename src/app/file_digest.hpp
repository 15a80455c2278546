#pragma once
// What is in the files that verdicts depend on besides the configuration itself.

#include <filesystem>
#include <string>

namespace patchmill::app {

// Another one when the content of this regular file is another one; links are followed. One answer
// for everything that cannot be read or is no regular file. Of a file over 16 MiB only size and
// time of change count. What was read is kept for the process, by path, until size, times or inode
// change. Any thread may ask.
std::string file_digest(const std::filesystem::path& path);

// The same of all regular files below a folder, with their names. What begins with a dot and
// Python's __pycache__ do not count; nor do links to folders, more than 8 levels and more than 4096
// entries. Of what is over 64 MiB together only sizes and times of change count.
std::string folder_digest(const std::filesystem::path& folder);

}  // namespace patchmill::app
