#include "mail/diff.hpp"
#include "mail/trailers.hpp"
#include "placement/placement.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::placement {

namespace {

// The day a mail came is not its author's: a commit made of it would be another one in every store.
void set_author(git::PatchInput& input, const mail::CommitText& text,
                const mail::Message& message) {
  input.author.name = text.author.name;
  input.author.email = text.author.email;
  const auto date = message.in_body_date ? message.in_body_date : message.date;
  input.undated = !date.has_value();
  if (date) {
    input.author.seconds =
        std::chrono::floor<std::chrono::seconds>(*date).time_since_epoch().count();
    input.author.offset_minutes =
        message.in_body_date ? message.in_body_date_offset : message.date_offset;
  }
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
    set_author(input, text, *message);
    input.message = text.message();
    input.diff = std::move(message->diff);
    result.paths.push_back(mail::touched_paths(input.diff));
    result.inputs.push_back(std::move(input));
  }
  return result;
}

std::string note_of_dates(const SeriesPatches& patches) {
  std::string numbers;
  std::size_t undated = 0;
  for (std::size_t i = 0; i < patches.inputs.size(); ++i) {
    if (patches.inputs[i].undated) {
      numbers += fmt::format("{}{}", undated++ == 0 ? "" : ", ", i + 1);
    }
  }
  return undated == 0
             ? std::string()
             : fmt::format(
                   "patch{} {} {} no date that can be read, so the commit has that "
                   "of the one before it",
                   undated == 1 ? "" : "es", ellipsize(numbers, 60), undated == 1 ? "has" : "have");
}

}  // namespace patchmill::placement
