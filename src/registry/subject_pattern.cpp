#include "registry/subject_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8  // pcre2.h asks for it

#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <new>
#include <utility>

namespace patchmill::registry {
namespace {

constexpr std::size_t longest_subject = 2000;  // bytes looked at
constexpr std::uint32_t most_steps = 100'000;

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

}  // namespace

SubjectPattern::SubjectPattern(std::shared_ptr<const void> code) : m_code(std::move(code)) {}

Result<SubjectPattern> SubjectPattern::compile(std::string_view pattern) {
  int error = 0;
  std::size_t where = 0;
  // Subjects are valid UTF-8 but for the last character when they are cut.
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_CASELESS | PCRE2_MULTILINE | PCRE2_UTF |
                                       PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                                   &error, &where, nullptr);
  if (code == nullptr) {
    std::array<PCRE2_UCHAR, 200> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return fail(ErrorKind::invalid,
                fmt::format("not a regular expression: {} at character {}",
                            reinterpret_cast<const char*>(message.data()), where + 1));
  }
  return SubjectPattern(std::shared_ptr<const void>(code, [](const void* p) {
    pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(p)));
  }));
}

bool SubjectPattern::found_in(std::string_view subject) const {
  const auto* code = static_cast<const pcre2_code*>(m_code.get());
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(
      pcre2_match_data_create_from_pattern(code, nullptr));
  const std::unique_ptr<pcre2_match_context, FreeContext> context(
      pcre2_match_context_create(nullptr));
  if (!match || !context) {
    throw std::bad_alloc();
  }
  pcre2_set_match_limit(context.get(), most_steps);
  pcre2_set_depth_limit(context.get(), most_steps);
  subject = subject.substr(0, longest_subject);
  return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0, 0,
                     match.get(), context.get()) >= 0;
}

}  // namespace patchmill::registry
