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
    return x.words < y.words;
  });
  grid.prune(*this);
}

std::string SimpleList::cell_words(int row, int column) {
  const SimpleCell& c = at(row).cells[static_cast<size_t>(column)];
  return c.kind == SimpleCell::Kind::kAge && c.words.empty() ? age_text(c.time, ui().wall)
                                                             : c.words;
}

void SimpleList::draw_cell(Grid& g, int row, int column, const Rect& r, const RowLook&) {
  const auto& k = col();
  const SimpleCell& c = at(row).cells[static_cast<size_t>(column)];
  const float h = r.GetHeight(), room = r.GetWidth() - 12;
  const std::string words = cell_words(row, column);
  switch (c.kind) {
    case SimpleCell::Kind::kState:
      state_badge(r.Min.x, r.Min.y, h, words, c.tone, false, room);
      return;
    case SimpleCell::Kind::kName: {
      const float w =
          text_fit(r.Min.x, r.Min.y, tokens::kTypeBodyStrong, k.text_primary, words, room, h);
      if (!c.note.empty())
        text_fit(r.Min.x + w + 10, r.Min.y, tokens::kTypeSmall, k.text_tertiary, c.note,
                 room - w - 10, h);
      if (opened)
        g.zone(box(r.Min.x, r.Min.y + 4, w, h - 8), Role::kLink, words,
               [this, row] { open(row, Hit()); });
      return;
    }
    case SimpleCell::Kind::kMono:
      text_fit(r.Min.x, r.Min.y, tokens::kTypeCode,
               words == "\xe2\x80\x93" ? k.text_tertiary : k.text_secondary, words, room, h);
      return;
    case SimpleCell::Kind::kAge:
      text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody, k.text_secondary, words, h);
      if (c.words.empty()) ui().after(age_tick(c.time, ui().wall));
      return;
    case SimpleCell::Kind::kTag:
      if (!words.empty()) tag(r.Min.x, r.Min.y + (h - 22) / 2, words);
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
