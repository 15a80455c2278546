#include "mail/diff.hpp"
#include "mail/trailers.hpp"
#include "placement/placement.hpp"

#include <fmt/format.h>

namespace patchmill::placement {

namespace {

git::Signature author_of(const mail::CommitText& text, const mail::Message& message,
                         Timestamp fallback) {
  const Timestamp date = message.in_body_date.value_or(message.date.value_or(fallback));
  git::Signature author;
  author.name = text.author.name;
  author.email = text.author.email;
  author.seconds = std::chrono::floor<std::chrono::seconds>(date).time_since_epoch().count();
  return author;
}

}  // namespace

Result<SeriesPatches> load_patches(tracker::Queries& queries, const tracker::Series& series) {
  SeriesPatches result;
  for (const auto& patch : series.patches) {
    auto message = queries.parsed(patch.message);
    if (!message) {
      return fail_with(fmt::format("series {}: patch {}", series.number, patch.number),
                       message.error());
    }
    const mail::CommitText text = mail::commit_text(*message);
    git::PatchInput input;
    input.label = fmt::format("[PATCH {}/{}] {}", patch.number, series.total, text.title);
    input.author = author_of(text, *message, patch.date);
    input.message = text.message();
    input.diff = std::move(message->diff);
    result.paths.push_back(mail::touched_paths(input.diff));
    result.inputs.push_back(std::move(input));
  }
  return result;
}

}  // namespace patchmill::placement
