#include "placement/base_search.hpp"

#include "mail/diff.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace patchmill::placement {

namespace {

// A blob that agrees says more than any number of paths that merely exist.
constexpr std::int64_t k_blob_weight = 1'000'000;

bool is_zero(std::string_view blob) {
  return blob.find_first_not_of('0') == std::string_view::npos;
}

bool usable_blob(std::string_view blob) {
  return git::is_abbreviated_id(blob) && !is_zero(blob);
}

class ImageReader {
 public:
  void read(const git::PatchInput& patch, std::size_t number) {
    const auto files = mail::parse_diff(patch.diff);
    if (!files) {
      return;
    }
    for (const auto& file : *files) {
      read_old(file, number);
      read_new(file, number);
    }
  }
  Images take() { return std::move(m_images); }

 private:
  void expect(const std::string& path, PreImage::Kind kind, std::string blob, std::size_t number) {
    if (!path.empty() && m_seen.insert(path).second) {
      m_images.before.push_back({path, kind, std::move(blob), number});
    }
  }

  void read_old(const mail::FileDiff& file, std::size_t number) {
    if (file.change == mail::FileChange::added) {
      return;
    }
    std::string blob = to_lower(file.old_blob);
    if (const auto now = m_now.find(file.old_path);
        now != m_now.end() && usable_blob(blob) && !same_blob(now->second, blob)) {
      ++m_images.breaks;
    }
    if (usable_blob(blob)) {
      expect(file.old_path, PreImage::Kind::blob, std::move(blob), number);
    } else {
      expect(file.old_path, PreImage::Kind::present, {}, number);
    }
  }

  void read_new(const mail::FileDiff& file, std::size_t number) {
    if (file.new_path != file.old_path && file.change != mail::FileChange::copied) {
      m_now.erase(file.old_path);
    }
    if (file.change == mail::FileChange::deleted) {
      return;
    }
    if (file.new_path != file.old_path) {
      expect(file.new_path, PreImage::Kind::absent, {}, number);
    }
    std::string blob = to_lower(file.new_blob);
    if (usable_blob(blob)) {
      m_now.insert_or_assign(file.new_path, blob);
      m_images.after.push_back({file.new_path, std::move(blob), number});
    } else {
      m_now.erase(file.new_path);
    }
  }

  Images m_images;
  std::set<std::string> m_seen;
  std::map<std::string, std::string> m_now;  // the blob each path has after the patches so far
};

std::int64_t weight_of(const PreImage& image) {
  return image.kind == PreImage::Kind::blob ? k_blob_weight : 1;
}

}  // namespace

Images read_images(std::span<const git::PatchInput> patches) {
  ImageReader reader;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    reader.read(patches[i], i);
  }
  return reader.take();
}

bool same_blob(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  return common >= 7 && a.substr(0, common) == b.substr(0, common);
}

BaseSearch::BaseSearch(const BlobIndex& index, std::span<const PreImage> pre_images)
    : m_pre_images(pre_images) {
  m_intervals.reserve(pre_images.size());
  for (const auto& image : pre_images) {
    m_intervals.push_back(
        image.kind == PreImage::Kind::blob
            ? index.with_blob(image.path, image.blob)
            : index.with_presence(image.path, image.kind == PreImage::Kind::present));
  }
}

std::optional<BaseMatch> BaseSearch::best(Ordinal until, std::optional<Ordinal> posted) const {
  // Every interval raises the score where it begins and lowers it where it ends.
  std::vector<std::pair<Ordinal, std::int64_t>> steps;
  for (std::size_t i = 0; i < m_intervals.size(); ++i) {
    for (const auto& interval : m_intervals[i]) {
      if (interval.from < until) {
        steps.emplace_back(interval.from, weight_of(m_pre_images[i]));
        steps.emplace_back(std::min(interval.until, until), -weight_of(m_pre_images[i]));
      }
    }
  }
  if (steps.empty() || until == 0) {
    return std::nullopt;
  }
  std::sort(steps.begin(), steps.end());

  std::int64_t score = 0;
  std::int64_t best_score = 0;
  Interval best_range;
  for (std::size_t i = 0; i < steps.size();) {
    const Ordinal from = steps[i].first;
    while (i < steps.size() && steps[i].first == from) {
      score += steps[i++].second;
    }
    const Ordinal end = i < steps.size() ? steps[i].first : until;
    // Ranges come oldest first: a later equal one is preferred while it is not after the posting.
    const bool before_posting = posted && from <= *posted;
    if (end > from && (score > best_score || (score == best_score && before_posting))) {
      best_score = score;
      best_range = {from, end};
    }
  }
  if (best_score <= 0) {
    return std::nullopt;
  }
  Ordinal chosen = best_range.from;
  if (posted && *posted >= best_range.from) {
    chosen = std::min(*posted, best_range.until - 1);
  }
  BaseMatch match = at(chosen);
  match.range = best_range;
  return match;
}

BaseMatch BaseSearch::at(Ordinal ordinal) const {
  BaseMatch match;
  match.chosen = ordinal;
  match.range = {ordinal, ordinal + 1};
  match.total = m_pre_images.size();
  for (std::size_t i = 0; i < m_pre_images.size(); ++i) {
    const bool holds =
        std::any_of(m_intervals[i].begin(), m_intervals[i].end(), [&](const Interval& interval) {
          return interval.from <= ordinal && ordinal < interval.until;
        });
    const bool is_blob = m_pre_images[i].kind == PreImage::Kind::blob;
    match.blobs_total += is_blob ? 1 : 0;
    if (holds) {
      ++match.matched;
      match.blobs_matched += is_blob ? 1 : 0;
    } else {
      match.unmatched.push_back(i);
    }
  }
  return match;
}

}  // namespace patchmill::placement
