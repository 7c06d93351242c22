#include "web/widgets/grid.h"

#include <algorithm>
#include <cmath>

#include "web/widgets/controls.h"

namespace web {
namespace {
constexpr float kPad = tokens::kSpaceUsePagePadding;
constexpr float kCell = tokens::kSpaceUseCellX;
constexpr float kMenu = 32;
constexpr float kSecond = tokens::kSizeRowSubRow;
}  // namespace

void Grid::zone(const Rect& r, Role role, std::string_view label, std::function<void()> action,
                std::string_view href) {
  zones_.push_back({r, std::move(action)});
  const ImGuiID id = ImHashData(&zones_.back().r.Min, sizeof(ImVec2), id_of(label));
  ui().mirror.say(id, role, label, place(r)).href = href;
  if (ImGui::IsMouseHoveringRect(r.Min, r.Max)) ui().cursor = Cursor::kHand;
}

void Grid::layout(const Rect& r, const std::vector<GridColumn>& columns, const GridOptions& o) {
  const float fixed = kPad * 2 + (o.select ? 32.0f : 0.0f) + (o.menu ? kMenu : 0.0f);
  const float room = r.GetWidth() - fixed;
  std::vector<bool> shown(columns.size(), true);
  float least = 0, grow = 0;
  auto sum = [&] {
    least = grow = 0;
    for (size_t i = 0; i < columns.size(); i++) {
      if (!shown[i]) continue;
      least +=
          columns[i].width + (i > 0 && columns[i - 1].right && !columns[i].right ? 12.0f : 0.0f);
      grow += columns[i].grow;
    }
  };
  for (sum(); least > room; sum()) {
    int worst = -1;
    for (size_t i = 0; i < columns.size(); i++) {
      if (shown[i] && columns[i].drop > 0 &&
          (worst < 0 || columns[i].drop > columns[static_cast<size_t>(worst)].drop)) {
        worst = static_cast<int>(i);
      }
    }
    if (worst < 0) break;
    shown[static_cast<size_t>(worst)] = false;
  }
  // Where it is still too narrow, words give way before what has the width that it needs.
  float stiff = 0;
  for (size_t i = 0; i < columns.size(); i++)
    if (shown[i] && columns[i].grow == 0) stiff += columns[i].width;
  const bool words_can = least > stiff && (room - stiff) * 2 >= least - stiff;
  const float scale = least <= room ? 1
                      : words_can   ? (room - stiff) / (least - stiff)
                                    : room / least;
  const float spare = ImMax(0.0f, room - least);
  cells_.assign(columns.size(), Rect(0, 0, 0, 0));
  order_.clear();
  float x = r.Min.x + kPad + (o.select ? 32.0f : 0.0f);
  for (size_t i = 0; i < columns.size(); i++) {
    if (!shown[i]) continue;
    const float least_here = columns[i].width * (words_can && columns[i].grow == 0 ? 1 : scale);
    const float w = std::floor(least_here + (grow > 0 ? spare * columns[i].grow / grow : 0));
    // Numbers stand off from words at their right.
    if (!columns[i].right && !order_.empty() && columns[static_cast<size_t>(order_.back())].right)
      x += 12;
    cells_[i] = Rect(x, 0, x + w, 0);
    order_.push_back(static_cast<int>(i));
    x += w;
  }
}

void Grid::draw(const Rect& r, GridSource& source, const std::vector<GridColumn>& columns,
                const GridOptions& o) {
  sort_changed = false;
  layout(r, columns, o);
  ui().mirror.open(id_of("grid"), Role::kGrid, o.label, place(r));
  ui().mirror.say(id_of("grid"), Role::kGrid, o.label, place(r)).rows = source.count();
  head(Rect(r.Min.x, r.Min.y, r.Max.x, r.Min.y + tokens::kSizeRowHead), source, columns, o);
  rows(Rect(r.Min.x, r.Min.y + tokens::kSizeRowHead, r.Max.x, r.Max.y), source, columns, o);
  ui().mirror.close();
}

void Grid::prune(GridSource& source) {
  if (selected.empty()) return;
  std::set<std::string, std::less<>> there;
  for (int i = 0; i < source.count(); i++) {
    const auto it = selected.find(source.key(i));
    if (it != selected.end()) there.insert(*it);
  }
  selected = std::move(there);
}

void Grid::head(const Rect& r, GridSource& source, const std::vector<GridColumn>& columns,
                const GridOptions& o) {
  const auto& c = col();
  ui().mirror.open(id_of("head"), Role::kRow, "", place(r));
  if (o.select) {
    const auto n = static_cast<int>(selected.size());
    const Check state = n == 0 ? Check::kOff : n >= source.count() ? Check::kOn : Check::kMixed;
    ui().mirror.open(id_of("select all"), Role::kCell, "", place(box(r.Min.x, r.Min.y, 40, 32)));
    if (checkbox(r.Min.x + kPad, r.Min.y + 8, "Select all rows", state, false)) {
      if (state == Check::kOn || state == Check::kMixed) {
        selected.clear();
      } else {
        for (int i = 0; i < source.count(); i++) select(source, i);
      }
    }
    ui().mirror.close();
  }
  for (const int i : order_) {
    const GridColumn& column = columns[static_cast<size_t>(i)];
    const Rect cell(cells_[static_cast<size_t>(i)].Min.x, r.Min.y,
                    cells_[static_cast<size_t>(i)].Max.x, r.Max.y);
    const ImGuiID id = id_of(column.id) ^ 0xC01;
    const bool on = sort == column.id;
    Hit h;
    if (column.sortable) {
      h = hit(id, cell);
      if (h.focused) focus_ring(cell, 4, true);
    }
    const Color ink = on || h.hovered ? c.text_primary : c.text_secondary;
    const float tw = text_width(tokens::kTypeSmallStrong, column.title);
    const uint32_t arrow = descending ? tokens::kIconArrowUp : tokens::kIconArrowDown;
    if (column.right) {
      text_right(cell.Max.x - kCell, r.Min.y, tokens::kTypeSmallStrong, ink, column.title,
                 r.GetHeight());
      if (on) icon(cell.Max.x - kCell - tw - 18, r.Min.y + 9, 14, ink, arrow);
    } else {
      text_fit(cell.Min.x, r.Min.y, tokens::kTypeSmallStrong, ink, column.title,
               cell.GetWidth() - 4, r.GetHeight());
      if (on) icon(cell.Min.x + tw + 5, r.Min.y + 9, 14, ink, arrow);
    }
    MirrorNode& n = ui().mirror.say(id, Role::kColumnheader, column.title, place(cell));
    if (on) n.sort = descending ? "descending" : "ascending";
    if (h.pressed) {
      descending = on && !descending;
      sort = column.id;
      sort_changed = true;
    }
  }
  ui().mirror.close();
  hline(r.Min.x, r.Max.x, r.Max.y - 1, c.border_default);
}

void Grid::heights(GridSource& source, const GridOptions& o) {
  if (tops_version_ == source.version() && tops_row_ == o.row_height) return;
  tops_version_ = source.version();
  tops_row_ = o.row_height;
  tops_.clear();
  bool any = false;
  const int n = source.count();
  for (int i = 0; i < n && !any; i++) any = source.second_line(i);
  if (!any) return;
  tops_.resize(static_cast<size_t>(n) + 1);
  float y = 0;
  for (int i = 0; i < n; i++) {
    tops_[static_cast<size_t>(i)] = y;
    y += o.row_height + (source.second_line(i) ? kSecond : 0);
  }
  tops_.back() = y;
}

float Grid::top_of(int i, const GridOptions& o) const {
  return tops_.empty() ? static_cast<float>(i) * o.row_height : tops_[static_cast<size_t>(i)];
}

int Grid::at(float y, const GridOptions& o, int count) const {
  if (tops_.empty()) return ImClamp(static_cast<int>(y / o.row_height), 0, count);
  const auto it = std::upper_bound(tops_.begin(), tops_.end(), y);
  return ImClamp(static_cast<int>(it - tops_.begin()) - 1, 0, count);
}

void Grid::rows(const Rect& r, GridSource& source, const std::vector<GridColumn>& columns,
                const GridOptions& o) {
  heights(source, o);
  const int n = source.count();
  cursor_row_ = -1;
  if (!cursor.empty()) {
    for (int i = 0; i < n; i++) {
      if (source.key(i) == cursor) {
        cursor_row_ = i;
        break;
      }
    }
  }
  if (!begin_area("rows", r)) {
    end_area();
    return;
  }
  if (o.keys) keys(source, r.GetHeight(), o);
  if (scroll_to_cursor_ && cursor_row_ >= 0) {
    const float top = top_of(cursor_row_, o), bottom = top_of(cursor_row_ + 1, o);
    if (top < ImGui::GetScrollY()) ImGui::SetScrollY(top);
    if (bottom > ImGui::GetScrollY() + r.GetHeight()) ImGui::SetScrollY(bottom - r.GetHeight());
  }
  scroll_to_cursor_ = false;
  scroll_ = ImGui::GetScrollY();
  const float base = r.Min.y - scroll_;
  const int first = at(scroll_, o, n);
  for (int i = first; i < n; i++) {
    const float top = base + top_of(i, o);
    if (top > r.Max.y) break;
    row(source, i, Rect(r.Min.x, top, r.Max.x, base + top_of(i + 1, o)), columns, o);
  }
  if (menu_row_ >= 0 && begin_menu("Row menu", menu_at_, o.menu_width, true)) {
    int at_row = menu_row_;
    if (at_row >= n || source.key(at_row) != menu_key_) {
      at_row = -1;
      for (int i = 0; i < n; i++) {
        if (source.key(i) == menu_key_) at_row = i;
      }
    }
    if (at_row >= 0) {
      source.row_menu(at_row);
    } else {
      ImGui::CloseCurrentPopup();
    }
    end_menu();
  }
  ImGuiWindow* w = ImGui::GetCurrentWindow();
  w->DC.CursorMaxPos.y = ImMax(w->DC.CursorMaxPos.y, base + top_of(n, o));
  end_area();
}

void Grid::row_mark(GridSource& source, int i, const Rect& line, ImGuiID id, bool on,
                    bool hovered) {
  const auto& c = col();
  const Rect mark = box(line.Min.x + kPad, line.Min.y + (line.GetHeight() - 16) / 2, 16, 16);
  if (on) {
    fill(mark, c.accent_fill, 4);
    icon_center(mark, 12, c.text_onAccent, tokens::kIconCheckBold);
  } else {
    fill(mark, c.surface_control, 4);
    outline(mark, hovered ? c.text_secondary : c.border_control, 4, 1.25f);
  }
  ui().mirror.open(id ^ 0x4u, Role::kCell, "", place(mark));
  ui().mirror.say(id ^ 0x2u, Role::kCheckbox, "Select " + source.name(i), place(mark)).checked =
      on ? 1 : 0;
  ui().mirror.close();
}

void Grid::row(GridSource& source, int i, const Rect& r, const std::vector<GridColumn>& columns,
               const GridOptions& o) {
  const auto& c = col();
  Ui& u = ui();
  const std::string_view key = source.key(i);
  const ImGuiID id = ImHashData(key.data(), key.size(), 0x20F);
  const Hit h = hit(id, r, {.nav = false, .cursor = Cursor::kArrow});
  RowLook look;
  look.hovered = h.hovered;
  look.selected = selected.find(key) != selected.end();
  look.cursor = i == cursor_row_;
  if (look.selected) {
    fill(r, h.hovered ? c.surface_selectedHover : c.surface_selected);
    fill(Rect(r.Min.x, r.Min.y, r.Min.x + 2, r.Max.y), c.accent_fill);
  } else if (h.hovered) {
    fill(r, c.surface_hover);
  }
  const double since = u.now - source.changed(i);
  if (source.changed(i) > 0 && since < tokens::kMotionRowFlash) {
    if (u.still) {
      fill(Rect(r.Min.x, r.Min.y, r.Min.x + 2, r.Max.y), c.accent_bar);
    } else {
      fill(r, fade(c.accent_subtle, 1 - static_cast<float>(since) / tokens::kMotionRowFlash));
    }
    u.after(u.still ? tokens::kMotionRowFlash - since : 33);
  }
  zones_.clear();
  const Rect line(r.Min.x, r.Min.y, r.Max.x, r.Min.y + o.row_height);
  const ImGuiID row_id = id ^ 0x1u;
  u.mirror.open(row_id, Role::kRow, source.name(i), place(r));
  MirrorNode& node = u.mirror.say(row_id, Role::kRow, source.name(i), place(r));
  node.row = i + 2;
  const bool heading = source.heading(i);
  if (o.select && !heading) {
    node.selected = look.selected ? 1 : 0;
    row_mark(source, i, line, id, look.selected, h.hovered);
  }
  if (heading) {
    u.mirror.open(id ^ 0x7u, Role::kCell, "", place(line));
    source.draw_heading(
        *this, i,
        Rect(line.Min.x + kPad, line.Min.y, line.Max.x - kPad - (o.menu ? kMenu : 0), line.Max.y));
    u.mirror.close();
  }
  for (size_t at_column = heading ? order_.size() : 0; at_column < order_.size(); at_column++) {
    const int k = order_[at_column];
    const Rect cell(cells_[static_cast<size_t>(k)].Min.x, line.Min.y,
                    cells_[static_cast<size_t>(k)].Max.x, line.Max.y);
    if (columns[static_cast<size_t>(k)].id == "name") name_x_ = cell.Min.x;
    // A cell with a link in it is read by its link.
    const size_t at = u.mirror.nodes().size(), links = zones_.size();
    u.mirror.open(id ^ (0x100u + static_cast<unsigned>(k)), Role::kCell, "", place(cell));
    source.draw_cell(*this, i, k, cell, look);
    u.mirror.close();
    if (links == zones_.size()) u.mirror.name(at, source.cell_words(i, k));
  }
  if (source.second_line(i)) {
    const Rect second(name_x_, line.Max.y - 8, r.Max.x - kPad, r.Max.y - 8);
    u.mirror.open(id ^ 0x5u, Role::kCell, "", place(second));
    source.draw_second(*this, i, second);
    u.mirror.close();
  }
  if (o.menu) {
    const Rect m = box(r.Max.x - kPad - 24, line.Min.y + (o.row_height - 28) / 2, 28, 28);
    const bool over = h.hovered && ImGui::IsMouseHoveringRect(m.Min, m.Max);
    if (over) fill(m, c.surface_pressed, 6);
    icon_center(m, 18, over ? c.text_primary : c.text_secondary, tokens::kIconDotsVertical);
    u.mirror.open(id ^ 0x6u, Role::kCell, "", place(m));
    u.mirror.say(id ^ 0x3u, Role::kButton, "Actions for " + source.name(i), place(m));
    u.mirror.close();
  }
  u.mirror.close();
  hline(r.Min.x, r.Max.x, r.Max.y - 1, c.border_subtle);
  if (look.cursor && !look.hovered)
    outline(Rect(r.Min.x + 1, r.Min.y, r.Max.x - 1, r.Max.y - 1), c.accent_border, 4);
  if (h.pressed) press(source, i, h, line, o);
  if (h.hovered && ImGui::IsMouseClicked(1) && o.menu) {
    cursor = key;
    menu_row_ = i;
    menu_key_ = key;
    menu_at_ = ImGui::GetIO().MousePos;
    menu_at_.x += o.menu_width;
    open_menu("Row menu");
  }
}

void Grid::press(GridSource& source, int i, const Hit& h, const Rect& line, const GridOptions& o) {
  const ImVec2 m = ImGui::GetIO().MouseClickedPos[0];
  const std::string key(source.key(i));
  cursor = key;
  for (const Zone& z : zones_) {
    if (z.r.Contains(m)) {
      z.action();
      return;
    }
  }
  if (o.menu && m.x > line.Max.x - kPad - 28 && line.Contains(m)) {
    menu_row_ = i;
    menu_key_ = key;
    menu_at_ = ImVec2(line.Max.x - kPad + 4, line.Max.y - 4);
    open_menu("Row menu");
    return;
  }
  const ImGuiIO& io = ImGui::GetIO();
  const bool mark = o.select && m.x < line.Min.x + kPad + 28;
  if (!o.select || source.heading(i)) {
    source.open(i, h);
    return;
  }
  if (io.KeyShift && range_from_ >= 0 && range_from_ < source.count()) {
    for (int k = ImMin(i, range_from_); k <= ImMax(i, range_from_); k++) select(source, k);
    return;
  }
  range_from_ = i;
  if (mark || io.KeyCtrl || io.KeySuper) {
    if (!selected.insert(key).second) selected.erase(key);
  } else if (selected.size() == 1 && selected.count(key) == 1) {
    selected.clear();
  } else {
    selected = {key};
  }
}

void Grid::keys(GridSource& source, float view, const GridOptions& o) {
  const ImGuiIO& io = ImGui::GetIO();
  const int n = source.count();
  if (n == 0) return;
  if ((io.KeyCtrl || io.KeySuper) && o.select && ImGui::IsKeyPressed(ImGuiKey_A, false)) {
    for (int i = 0; i < n; i++) select(source, i);
  }
  if (io.KeyCtrl || io.KeySuper || io.KeyAlt) return;
  const int page = ImMax(1, static_cast<int>(view / o.row_height) - 1);
  int to = cursor_row_;
  if (ImGui::IsKeyPressed(ImGuiKey_J) || ImGui::IsKeyPressed(ImGuiKey_DownArrow)) to++;
  if (ImGui::IsKeyPressed(ImGuiKey_K) || ImGui::IsKeyPressed(ImGuiKey_UpArrow))
    to = to < 0 ? 0 : to - 1;
  if (ImGui::IsKeyPressed(ImGuiKey_PageDown)) to += page;
  if (ImGui::IsKeyPressed(ImGuiKey_PageUp)) to -= page;
  if (ImGui::IsKeyPressed(ImGuiKey_Home)) to = 0;
  if (ImGui::IsKeyPressed(ImGuiKey_End)) to = n - 1;
  if (to != cursor_row_) {
    to = ImClamp(to, 0, n - 1);
    cursor_row_ = to;
    cursor = source.key(to);
    scroll_to_cursor_ = true;
    if (io.KeyShift && o.select) select(source, to);
  }
  if (cursor_row_ < 0) return;
  if (o.select && !source.heading(cursor_row_) && ImGui::IsKeyPressed(ImGuiKey_Space, false)) {
    const std::string key(source.key(cursor_row_));
    if (!selected.insert(key).second) selected.erase(key);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !GImGui->NavCursorVisible)
    source.open(cursor_row_, Hit());
}

}  // namespace web
