#include "web/pages/simple_list.h"

#include <algorithm>

#include "web/widgets/controls.h"

namespace web {

void SimpleList::set(std::vector<SimpleRow> rows) {
  rows_ = std::move(rows);
  ordered_for_ = "\x01";
}

void SimpleList::order(std::string_view filter) {
  const std::string key = std::string(filter) + "\n" + grid.sort + (grid.descending ? "-" : "+");
  if (key == ordered_for_) return;
  ordered_for_ = key;
  version_++;
  order_.clear();
  std::string low(filter);
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  for (size_t i = 0; i < rows_.size(); i++) {
    std::string hay = rows_[i].haystack;
    for (char& c : hay) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    if (low.empty() || hay.find(low) != hay.npos) order_.push_back(i);
  }
  size_t by = 0;
  for (size_t i = 0; i < columns.size(); i++) {
    if (columns[i].id == grid.sort) by = i;
  }
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
    if (grid.descending) std::swap(a, b);
    const SimpleCell &x = rows_[a].cells[by], &y = rows_[b].cells[by];
    if (x.kind == SimpleCell::Kind::kAge) return x.time > y.time;
    if (x.kind == SimpleCell::Kind::kMeter) return x.fraction < y.fraction;
    if (x.kind == SimpleCell::Kind::kState && x.tone != y.tone)
      return rank_of(x.tone) < rank_of(y.tone);
    return x.words < y.words;
  });
  grid.prune(*this);
}

std::string SimpleList::cell_words(int row, int column) {
  const SimpleCell& c = at(row).cells[static_cast<size_t>(column)];
  return c.kind == SimpleCell::Kind::kAge && c.words.empty() ? age_text(c.time, ui().wall)
                                                             : c.words;
}

std::string SimpleList::href(int row) {
  for (const SimpleCell& c : at(row).cells) {
    if (!c.href.empty()) return c.href;
  }
  return {};
}

void SimpleList::name_cell(int row, const SimpleCell& c, const Rect& r) {
  const auto& k = col();
  const float h = r.GetHeight();
  float x = r.Min.x, room = r.GetWidth() - 12;
  if (c.kind == SimpleCell::Kind::kPerson) {
    monogram(x, r.Min.y + (h - 24) / 2, 24, c.words);
    x += 32;
    room -= 32;
  }
  const std::string shown = fit_middle(tokens::kTypeBodyStrong, c.words, room);
  const float w = text(x, r.Min.y, tokens::kTypeBodyStrong, k.text_primary, shown, h);
  if (!c.note.empty() && room - w > 30)
    text_fit(x + w + 10, r.Min.y, tokens::kTypeSmall, k.text_tertiary, c.note, room - w - 10, h);
  if (!opened) return;
  const Rect zone_r = box(x, r.Min.y + 4, w, h - 8);
  if (ImGui::IsMouseHoveringRect(zone_r.Min, zone_r.Max))
    hline(x, x + w, r.Min.y + h / 2 + 8, k.text_primary);
  grid.zone(
      zone_r, Role::kLink, c.words, [this, row] { open(row, Hit()); }, c.href);
}

// One tag for each, as many as there is room for.
void SimpleList::tags_cell(std::string_view words, const Rect& r) {
  float x = r.Min.x;
  while (!words.empty()) {
    const size_t end = words.find(", ");
    const std::string_view one = words.substr(0, end);
    if (x > r.Min.x && x + tag_width(one) > r.Max.x - 4) return;
    tag(x, r.Min.y + (r.GetHeight() - 22) / 2, fit_end(tokens::kTypeSmall, one, r.Max.x - x - 26));
    x += tag_width(one) + 6;
    words = end == words.npos ? std::string_view() : words.substr(end + 2);
  }
}

void SimpleList::draw_second(Grid&, int row, const Rect& r) {
  const std::string& words = at(row).second;
  const float w = text_fit(r.Min.x, r.Min.y, tokens::kTypeSmall, col().text_secondary, words,
                           r.GetWidth(), r.GetHeight());
  say_text(box(r.Min.x, r.Min.y, w, r.GetHeight()), words);
}

void SimpleList::draw_cell(Grid&, int row, int column, const Rect& r, const RowLook&) {
  const auto& k = col();
  const SimpleCell& c = at(row).cells[static_cast<size_t>(column)];
  const float h = r.GetHeight(), room = r.GetWidth() - 12;
  const std::string words = cell_words(row, column);
  switch (c.kind) {
    case SimpleCell::Kind::kState:
      state_badge(r.Min.x, r.Min.y, h, words, c.tone, false, room);
      return;
    case SimpleCell::Kind::kName:
    case SimpleCell::Kind::kPerson:
      name_cell(row, c, r);
      return;
    case SimpleCell::Kind::kMeter:
      if (c.fraction >= 0)
        meter(r.Max.x - 12 - 96, r.Min.y + h / 2, tokens::kSizeMeterW, c.fraction);
      text_right(
          r.Max.x - 12, r.Min.y,
          c.fraction >= tokens::kMeterWarningFrom ? tokens::kTypeBodyStrong : tokens::kTypeBody,
          c.fraction < 0 ? k.text_tertiary : meter_ink(c.fraction, k.text_primary), words, h);
      return;
    case SimpleCell::Kind::kMono:
      text_fit(r.Min.x, r.Min.y, tokens::kTypeCode,
               words == "\xe2\x80\x93" ? k.text_tertiary : k.text_secondary, words, room, h);
      return;
    case SimpleCell::Kind::kAge:
      text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody, k.text_secondary, words, h);
      if (c.words.empty()) ui().after(age_tick(c.time, ui().wall));
      return;
    case SimpleCell::Kind::kTag:
      tags_cell(words, r);
      return;
    case SimpleCell::Kind::kText:
      text_fit(r.Min.x, r.Min.y, tokens::kTypeBody,
               words == "\xe2\x80\x93" ? k.text_tertiary : k.text_secondary, words, room, h);
  }
}

void SimpleList::draw(const Rect& r, std::string_view filter, const GridOptions& options) {
  order(filter);
  if (order_.empty()) {
    empty_page(r, tokens::kIconFilterVariant, rows_.empty() ? "Nothing here yet" : "Nothing fits",
               rows_.empty() ? "" : "Clear the filter.");
    return;
  }
  grid.draw(r, *this, columns, options);
}

}  // namespace web
