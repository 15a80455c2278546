// The Developer Certificate of Origin (https://developercertificate.org): everyone through whose
// hands a patch went says by a Signed-off-by line that they may pass it on.

#include "checks/mailmap.hpp"
#include "checks/message_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace patchmill::checks {
namespace {

constexpr std::string_view k_key = "Signed-off-by";

bool same_name(std::string_view a, std::string_view b) {
  return !trim(a).empty() && iequals(collapse_whitespace(trim(a)), collapse_whitespace(trim(b)));
}

// "Name via list" is how lists write an author whose own address they had to hide.
std::string_view own_name(std::string_view name) {
  const std::size_t via = to_lower(name).find(" via ");
  return via == std::string::npos ? name : trim(name.substr(0, via));
}

bool signs_for(const mail::Address& sign_off, const mail::Address& person) {
  return (!person.email.empty() && mail::same_email(sign_off.email, person.email)) ||
         same_name(sign_off.name, own_name(person.name));
}

bool signs_for(const mail::Address& sign_off, const mail::Address& person, const Mailmap& map) {
  const mail::Address proper = map.canonical(person);
  return signs_for(sign_off, proper) || signs_for(map.canonical(sign_off), proper);
}

// "Name via list" and relay addresses stand for the author, they sign nothing themselves.
bool is_relay(const mail::Address& sender) {
  const std::string name = to_lower(sender.name);
  return name.find(" via ") != std::string::npos || istarts_with(sender.email, "devnull+");
}

std::optional<mail::Address> parse_sign_off(std::string_view value) {
  const std::size_t open = value.rfind('<');
  const std::size_t close = value.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  std::string_view name = trim(value.substr(0, open));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  return mail::Address{.name = std::string(name),
                       .email = std::string(trim(value.substr(open + 1, close - open - 1)))};
}

std::string describe(const mail::Address& person) {
  return fmt::format("{} <{}>", person.name, person.email);
}

class SignedOffBy final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "signed-off-by"; }
  [[nodiscard]] std::string_view description() const override {
    return "The author and the sender of a patch each sign it off, by address or by name.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  static void explain_absence(const mail::CommitText& text, Report& report);
};

void SignedOffBy::explain_absence(const mail::CommitText& text, Report& report) {
  if (!tag_lines(split_lines(text.notes), k_key).empty()) {
    report.note("below-the-line",
                "a Signed-off-by stands below the '---' line, where git am throws it away");
  }
  for (const std::string_view line : split_lines(text.body)) {
    const auto key = trailer_key(trim(line));
    if (key && !iequals(*key, k_key) && edit_distance(to_lower(*key), to_lower(k_key)) <= 2) {
      report.note("misspelt", fmt::format("'{}:' looks like a slip for 'Signed-off-by:'", *key));
    }
  }
}

CheckOutcome SignedOffBy::run(const Context& context) const {
  const PatchView& patch = *context.patch;
  Report report(*this, context);
  const auto lines = split_lines(patch.text.body);
  std::vector<mail::Address> signers;
  for (const TagLine& tag : tag_lines(lines, k_key)) {
    if (auto signer = parse_sign_off(tag.value)) {
      signers.push_back(std::move(*signer));
    } else {
      report.warning("malformed",
                     fmt::format("'{}' is not of the form 'Signed-off-by: Name <address>'",
                                 ellipsize(trim(lines[tag.index]), 100)));
    }
  }

  std::optional<Mailmap> map;  // read only where the plain comparison does not do
  const auto signed_by = [&](const mail::Address& person) {
    const auto any = [&](auto&& matches) {
      return std::any_of(signers.begin(), signers.end(), matches);
    };
    if (any([&](const mail::Address& signer) { return signs_for(signer, person); })) {
      return true;
    }
    if (signers.empty() || context.repository == nullptr) {
      return false;
    }
    if (!map) {
      map = Mailmap::of_tree(*context.repository, context.series->base);
    }
    return any([&](const mail::Address& signer) { return signs_for(signer, person, *map); });
  };

  const mail::Address& author = patch.text.author;
  if (!signed_by(author)) {
    report.error("author", fmt::format("no Signed-off-by of the author, {}", describe(author)));
  }
  if (patch.message != nullptr) {
    const mail::Address& sender = patch.message->from;
    if (!mail::same_email(sender.email, author.email) && !same_name(sender.name, author.name) &&
        !is_relay(sender) && !signed_by(sender)) {
      report.error("sender",
                   fmt::format("no Signed-off-by of the sender, {}, who passes on the work of {}",
                               describe(sender), describe(author)));
    }
  }
  if (signers.empty()) {
    explain_absence(patch.text, report);
  }
  return report.finish("signed off by author and sender");
}

}  // namespace

std::unique_ptr<Check> make_signed_off_by() {
  return std::make_unique<SignedOffBy>();
}

}  // namespace patchmill::checks
