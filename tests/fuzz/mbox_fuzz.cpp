// Splitting mboxes: the pieces in which a file is read change nothing, bounds hold, and nothing but
// the format itself gets lost.

#include "check.hpp"
#include "intake/mbox_splitter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace patchmill;

namespace {

struct Split {
  std::vector<std::string> mails;
  std::uint64_t end = 0;
};

Split split(std::string_view text, std::size_t step, std::size_t bound) {
  intake::MboxSplitter splitter(
      [text, step](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
        const auto piece = text.substr(0, std::min(size, step));
        if (!piece.empty()) {
          std::memcpy(buffer, piece.data(), piece.size());
        }
        text.remove_prefix(piece.size());
        return piece.size();
      },
      bound);
  Split result;
  std::uint64_t before = 0;
  while (auto mail = splitter.next().value()) {
    FUZZ_CHECK(splitter.offset() > before);
    before = splitter.offset();
    result.mails.push_back(std::move(*mail));
  }
  result.end = splitter.offset();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Split whole = split(text, size + 1, size + 1);
  FUZZ_CHECK(whole.end == size);
  const Split pieces = split(text, 7, size + 1);
  FUZZ_CHECK(pieces.mails == whole.mails);
  const Split bounded = split(text, 50, 100);
  FUZZ_CHECK(bounded.end == size);
  for (const std::string& mail : bounded.mails) {
    FUZZ_CHECK(mail.size() <= 100);
  }
  std::size_t kept = 0;
  for (const std::string& mail : whole.mails) {
    kept += mail.size();
  }
  FUZZ_CHECK(kept <= size);
  return 0;
}
