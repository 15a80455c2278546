// "Fixes:" tags checked against the history of the tree. Maintainers of stable branches and their
// scripts follow these tags, so a wrong one loses the fix.

#include "checks/fixes_line.hpp"
#include "checks/message_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::array k_fixes_tag_settings = {
    Setting{
        .name = "allow-links",
        .type = SettingType::flag,
        .default_value = "false",
        .meaning = "Whether 'Fixes:' may name a bug (URL, #123, name#123) instead of a commit."},
    Setting{.name = "ancestor",
            .type = SettingType::flag,
            .default_value = "true",
            .meaning = "Whether the commit must be in the history the patch applies to."},
};

constexpr std::string_view k_howto = "git log -1 --abbrev=12 --format='Fixes: %h (\"%s\")' COMMIT";
constexpr std::size_t k_most_tags = 100;
// A walk of the whole history of a large tree without a commit-graph takes seconds.
constexpr auto k_ancestor_timeout = std::chrono::seconds(60);

bool is_blank(const std::vector<std::string_view>& lines, std::size_t index) {
  return index >= lines.size() || trim(lines[index]).empty();
}

bool is_link(std::string_view value) {
  if (value.find("://") != std::string_view::npos) {
    return true;
  }
  const std::size_t hash = value.find('#');
  return hash != std::string_view::npos && hash + 1 < value.size() && value[hash + 1] >= '0' &&
         value[hash + 1] <= '9' && value.substr(0, hash).find(' ') == std::string_view::npos;
}

// The tags block goes on below a blank line.
bool trailers_follow(const std::vector<std::string_view>& lines, std::size_t index) {
  while (index < lines.size() && trim(lines[index]).empty()) {
    ++index;
  }
  return index < lines.size() && trailer_key(trim(lines[index])).has_value();
}

// Further down, with prose between or without.
bool trailers_below(const std::vector<std::string_view>& lines, std::size_t index) {
  return std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(std::min(index, lines.size())),
                     lines.end(),
                     [](std::string_view line) { return trailer_key(trim(line)).has_value(); });
}

// The nearest line above that says something is a tag.
bool trailers_precede(const std::vector<std::string_view>& lines, std::size_t index) {
  while (index > 0 && trim(lines[index - 1]).empty()) {
    --index;
  }
  return index > 0 && trailer_key(trim(lines[index - 1])).has_value();
}

class FixesTag final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "fixes-tag"; }
  [[nodiscard]] std::string_view description() const override {
    return "A Fixes: tag names an ancestor commit by 12 or more digits and its exact subject.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override { return k_fixes_tag_settings; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  enum class Lookup { done, unknown };  // unknown: our repository cannot tell
  static void check_place(const std::vector<std::string_view>& lines, const TagLine& tag,
                          Report& report);
  Lookup check_target(const Context& context, const FixesLine& line, Report& report) const;
};

void FixesTag::check_place(const std::vector<std::string_view>& lines, const TagLine& tag,
                           Report& report) {
  const bool blank_before = tag.index == 0 || is_blank(lines, tag.index - 1);
  const bool blank_after = is_blank(lines, tag.index + 1);
  // Without other tags it is the block of tags.
  if (blank_before && blank_after &&
      (trailers_precede(lines, tag.index) || trailers_below(lines, tag.index + 1))) {
    report.error("blank-lines",
                 "empty lines surround the Fixes: tag; it belongs into the block of tags");
  } else if (blank_after && trailers_follow(lines, tag.index + 1)) {
    report.warning("blank-lines", "an empty line splits the block of tags below the Fixes: tag");
  }
  const bool open_end = tag.value.find('(') != std::string_view::npos && !tag.value.ends_with(')');
  if (!blank_after && open_end && !trailer_key(trim(lines[tag.index + 1]))) {
    report.error("wrapped", "the Fixes: tag is wrapped; keep it on one line, however long");
  }
}

FixesTag::Lookup FixesTag::check_target(const Context& context, const FixesLine& line,
                                        Report& report) const {
  git::Repository& repository = *context.repository;
  const auto unknown = [&](const std::string& why) {
    report.note("unknown", fmt::format("{} could not be looked up: {}", line.id, why));
    return Lookup::unknown;
  };
  const auto target = repository.resolve(line.id);
  if (!target) {
    if (target.error().kind == ErrorKind::infrastructure) {
      return unknown(target.error().message);
    }
    // A shallow clone lacks history that the author has.
    const auto shallow = repository.git({"rev-parse", "--is-shallow-repository"});
    if (!shallow || !shallow->ok() || trim(shallow->out) == "true") {
      return unknown("the history here is shallow");
    }
    report.error("missing",
                 fmt::format("commit {} does not exist in {}", line.id,
                             context.series->tree.empty() ? "the tree" : context.series->tree));
    return Lookup::done;
  }
  const auto info = repository.commit(*target);
  if (!info) {
    return unknown(info.error().message);
  }
  switch (match_subject(line.subject, info->subject)) {
    case SubjectMatch::equal:
      break;
    case SubjectMatch::beginning:
      report.note("cut-short", fmt::format("the subject in the Fixes: tag is cut short; {} reads "
                                           "'{}'",
                                           line.id, ellipsize(info->subject, 200)));
      break;
    case SubjectMatch::different:
      if (!line.subject.empty()) {
        report.error("subject", fmt::format("the subject of {} is '{}', not '{}'; use {}", line.id,
                                            ellipsize(info->subject, 200),
                                            ellipsize(line.subject, 200), k_howto));
      }
      break;
  }
  const git::ObjectId& tip =
      context.patch->parent.empty() ? context.series->base : context.patch->parent;
  if (!tip.empty() && flag_setting(*this, context, "ancestor")) {
    const auto ancestor =
        repository.git({"merge-base", "--is-ancestor", *target, tip}, {}, k_ancestor_timeout);
    if (!ancestor || ancestor->timed_out || ancestor->status > 1 || ancestor->status < 0) {
      return unknown("its place in the history could not be found in time");
    }
    if (ancestor->status == 1) {
      report.error("ancestor",
                   fmt::format("{} is not in the history the patch applies to", line.id));
    }
  }
  return Lookup::done;
}

CheckOutcome FixesTag::run(const Context& context) const {
  Report report(*this, context);
  const auto lines = split_lines(context.patch->text.body);
  const auto tags = tag_lines(lines, "Fixes");
  if (tags.empty()) {
    return report.finish("no Fixes: tag");
  }
  if (tags.size() > k_most_tags) {
    report.error("too-many", fmt::format("{} Fixes: tags are too many to be true", tags.size()));
    return report.finish({});
  }
  bool links = false;
  bool unknown = false;
  for (const TagLine& tag : tags) {
    if (is_link(tag.value) && flag_setting(*this, context, "allow-links")) {
      links = true;
      continue;
    }
    check_place(lines, tag, report);
    const FixesLine line = parse_fixes(tag.value);
    if (is_link(tag.value) && line.id.empty()) {
      report.error("link", fmt::format("Fixes: {} names no commit; a bug is named by Closes: or "
                                       "Link:",
                                       ellipsize(tag.value, 100)));
      continue;
    }
    for (const std::string& problem : line.problems) {
      report.error("form", fmt::format("Fixes: {}: {}", ellipsize(tag.value, 100), problem));
    }
    if (line.id.empty()) {
      continue;
    }
    if (context.repository == nullptr) {
      unknown = true;
    } else if (check_target(context, line, report) == Lookup::unknown) {
      unknown = true;
    }
  }
  const bool clean = report.clean();
  CheckOutcome outcome = report.finish(links ? "the Fixes: tags name bugs or correct commits"
                                             : "the Fixes: tag is correct");
  if (clean && unknown) {
    outcome.verdict =
        context.repository == nullptr ? findings::Verdict::skip : findings::Verdict::incomplete;
    outcome.summary = context.repository == nullptr
                          ? "the form of the Fixes: tag is correct; without a tree the commit "
                            "could not be looked up"
                          : "the commit a Fixes: tag names could not be looked up here";
  }
  return outcome;
}

}  // namespace

std::unique_ptr<Check> make_fixes_tag() {
  return std::make_unique<FixesTag>();
}

}  // namespace patchmill::checks
