// Splitting a body and reading the diff in it.

#include "check.hpp"
#include "mail/diff.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace patchmill;

namespace {

void check_files(std::string_view diff) {
  const auto files = mail::parse_diff(diff);
  if (!files) {
    FUZZ_CHECK(!files.error().message.empty());
    return;
  }
  for (const mail::FileDiff& file : *files) {
    FUZZ_CHECK(!file.path().empty());
    FUZZ_CHECK(file.text.data() >= diff.data() &&
               file.text.data() + file.text.size() <= diff.data() + diff.size());
    mail::unsafe_path(file.path());
    for (const mail::Hunk& hunk : file.hunks) {
      FUZZ_CHECK(hunk.body.data() >= file.text.data() &&
                 hunk.body.data() + hunk.body.size() <= file.text.data() + file.text.size());
    }
  }
  for (const mail::AddedLine& line : mail::added_lines(*files)) {
    FUZZ_CHECK(!line.path.empty());
  }
  mail::removed_lines(*files);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const mail::SplitBody split = mail::split_diff(body);
  FUZZ_CHECK(split.text.size() + split.diff.size() == body.size());
  FUZZ_CHECK(split.diff.empty() == (split.diff_at == std::string::npos));
  FUZZ_CHECK(split.diff.empty() || split.diff_at <= split.text.size());
  FUZZ_CHECK(mail::patchwork_hash(split.diff).size() == 40);
  check_files(split.diff);
  check_files(body);
  return 0;
}
