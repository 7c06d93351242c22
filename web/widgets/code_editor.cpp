#include "web/widgets/code_editor.h"

#include <algorithm>
#include <cmath>

namespace web {
namespace {

constexpr float kLine = tokens::kTypeCode.line;
constexpr float kGutter = 64;

std::vector<int> block_states(const std::vector<std::string>& lines) {
  std::vector<int> out(lines.size());
  int state = -1;
  for (size_t i = 0; i < lines.size(); i++) {
    out[i] = state;
    yaml_spans(lines[i], state);
  }
  return out;
}

Color ink_of(YamlInk ink) {
  const auto& c = col();
  switch (ink) {
    case YamlInk::kKey:
      return c.code_key;
    case YamlInk::kString:
      return c.code_string;
    case YamlInk::kNumber:
      return c.code_number;
    case YamlInk::kKeyword:
      return c.code_keyword;
    case YamlInk::kComment:
      return c.code_comment;
    case YamlInk::kPunctuation:
      return c.code_punctuation;
    case YamlInk::kPlain:
      break;
  }
  return c.code_plain;
}

}  // namespace

void CodeEditor::set_text(std::string_view text) {
  lines_ = split_lines(text);
  caret_ = anchor_ = {};
  undo_.clear();
  redo_.clear();
  last_edit_ = 0;
  changed();
}

std::string CodeEditor::text() const {
  std::string out;
  for (size_t i = 0; i < lines_.size(); i++) {
    if (i > 0) out += '\n';
    out += lines_[i];
  }
  return out;
}

void CodeEditor::set_base(std::string_view text) {
  base_ = split_lines(text);
  base_blocks_ = block_states(base_);
  opened_.clear();
  base_version_++;
  rows_version_ = 0;
}

void CodeEditor::changed() {
  version_++;
  blocks_ = block_states(lines_);
}

void CodeEditor::rows(bool compare) {
  if (rows_version_ == version_ && rows_compare_ == compare) return;
  rows_version_ = version_;
  rows_compare_ = compare;
  rows_.clear();
  if (!compare) {
    for (int i = 0; i < static_cast<int>(lines_.size()); i++) rows_.push_back({i, i, true, 0});
    return;
  }
  for (const DiffRow& row : diff_lines(base_, lines_, 4)) {
    const bool caret_inside =
        row.folded > 0 && caret_.line >= row.right && caret_.line < row.right + row.folded;
    const bool opened =
        row.folded > 0 && std::find(opened_.begin(), opened_.end(), row.left) != opened_.end();
    if (row.folded == 0 || (!opened && !caret_inside)) {
      rows_.push_back(row);
    } else {
      for (int i = 0; i < row.folded; i++) rows_.push_back({row.left + i, row.right + i, true, 0});
    }
  }
}

int CodeEditor::changes() {
  int n = 0;
  bool before = true;
  for (const DiffRow& row : diff_lines(base_, lines_, 0)) {
    if (!row.same && before) n++;
    before = row.same;
  }
  return n;
}

void CodeEditor::go_to_change(int by) {
  rows(true);
  std::vector<int> starts;
  bool before = true;
  for (size_t i = 0; i < rows_.size(); i++) {
    if (!rows_[i].same && before) starts.push_back(static_cast<int>(i));
    before = rows_[i].same;
  }
  if (starts.empty()) return;
  change_ = ImClamp(change_ + by, 1, static_cast<int>(starts.size()));
  scroll_to_row_ = starts[static_cast<size_t>(change_ - 1)];
}

float CodeEditor::x_of(std::string_view line, size_t at) const {
  int n = 0;
  for (size_t i = 0; i < at && i < line.size(); i++) n += (line[i] & 0xC0) != 0x80 ? 1 : 0;
  return cell_ * static_cast<float>(n);
}

size_t CodeEditor::byte_at(std::string_view line, float x) const {
  int n = static_cast<int>(std::round(x / cell_));
  size_t i = 0;
  while (i < line.size() && n > 0) {
    i++;
    while (i < line.size() && (line[i] & 0xC0) == 0x80) i++;
    n--;
  }
  return i;
}

int CodeEditor::row_of(int right_line) const {
  for (size_t i = 0; i < rows_.size(); i++) {
    if (rows_[i].right >= 0 && rows_[i].right <= right_line &&
        right_line < rows_[i].right + ImMax(1, rows_[i].folded))
      return static_cast<int>(i);
  }
  return 0;
}

void CodeEditor::draw_text(const std::vector<std::string>& lines, const std::vector<int>& blocks,
                           int line, float x, float y) {
  const std::string& s = lines[static_cast<size_t>(line)];
  int state = static_cast<size_t>(line) < blocks.size() ? blocks[static_cast<size_t>(line)] : -1;
  const std::vector<YamlSpan> spans = yaml_spans(s, state);
  size_t from = 0;
  YamlInk ink = YamlInk::kPlain;
  for (size_t i = 0; i <= spans.size(); i++) {
    const size_t to = i < spans.size() ? spans[i].from : s.size();
    if (to > from)
      web::text(x + x_of(s, from), y, tokens::kTypeCode, ink_of(ink),
                std::string_view(s).substr(from, to - from), kLine);
    from = to;
    if (i < spans.size()) ink = spans[i].ink;
  }
}

void CodeEditor::draw_side(const Rect& r, bool right, float base, int first, int last) {
  const auto& c = col();
  const std::vector<std::string>& lines = right ? lines_ : base_;
  const float x = r.Min.x + kGutter;
  ImGui::PushClipRect(r.Min, r.Max, true);
  for (int i = first; i < last; i++) {
    const DiffRow& row = rows_[static_cast<size_t>(i)];
    const float y = base + kLine * static_cast<float>(i);
    const int line = right ? row.right : row.left;
    const Rect strip(r.Min.x, y, r.Max.x, y + kLine);
    if (row.folded > 0) {
      fill(strip, c.code_diffGap);
      icon(r.Min.x + 14, y + 3, 14, c.text_tertiary, tokens::kIconUnfoldMoreHorizontal);
      web::text(r.Min.x + 36, y, tokens::kTypeSmall, c.text_secondary,
                std::to_string(row.folded) + " equal lines", kLine);
      const Hit h = hit(id_of(i) ^ (right ? 0xF01Du : 0xF01Eu), strip, {.nav = false});
      ui().mirror.say(h.id, Role::kButton, "Show " + std::to_string(row.folded) + " equal lines",
                      place(strip));
      if (h.pressed) {
        opened_.push_back(row.left);
        rows_version_ = 0;
      }
      continue;
    }
    if (line < 0) {
      fill(strip, c.code_diffGap);
      continue;
    }
    const std::string& s = lines[static_cast<size_t>(line)];
    if (!row.same) {
      fill(strip, right ? c.code_diffAddLine : c.code_diffDelLine);
      if (row.left >= 0 && row.right >= 0) {
        const WordRange w = diff_words(base_[static_cast<size_t>(row.left)],
                                       lines_[static_cast<size_t>(row.right)]);
        const size_t a = right ? w.from_right : w.from_left, b = right ? w.to_right : w.to_left;
        if (b > a)
          fill(Rect(x + x_of(s, a), y + 1, x + x_of(s, b), y + kLine - 1),
               right ? c.code_diffAddWord : c.code_diffDelWord, 3);
      }
      web::text(r.Min.x + 48, y, tokens::kTypeCode,
                right ? c.state_success_text : c.state_error_text, right ? "+" : "-", kLine);
    } else if (right && line == caret_.line && focused_) {
      fill(strip, c.code_currentLine);
    }
    if (right && line + 1 == error_line_) {
      fill(strip, c.state_error_subtle);
      icon(r.Min.x + 46, y + 3, 14, c.state_error_solid, tokens::kIconCloseCircle);
    }
    if (right && focused_ && line == caret_.line)
      fill(Rect(r.Min.x, y, r.Min.x + 2, y + kLine), c.accent_fill);
    text_right(r.Min.x + 42, y, tokens::kTypeCode, c.code_lineNumber, std::to_string(line + 1),
               kLine);
    if (right && has_selection()) {
      const Pos a = std::min(caret_, anchor_), b = std::max(caret_, anchor_);
      if (line >= a.line && line <= b.line) {
        const float sx = line == a.line ? x_of(s, static_cast<size_t>(a.at)) : 0;
        const float ex =
            line == b.line ? x_of(s, static_cast<size_t>(b.at)) : x_of(s, s.size()) + cell_ / 2;
        fill(Rect(x + sx, y, x + ex, y + kLine), c.selection_text);
      }
    }
    draw_text(lines, right ? blocks_ : base_blocks_, line, x, y);
    if (right && focused_ && line == caret_.line) {
      const float cx = std::round(x + x_of(s, static_cast<size_t>(caret_.at)));
      fill(box(cx, y + 2, 1.5f, kLine - 4), c.text_primary);
      ui().backend.set_text_input(true, cx, y, kLine);
    }
  }
  ImGui::PopClipRect();
}

void CodeEditor::draw(const Rect& r, bool compare) {
  const auto& c = col();
  cell_ = text_width(tokens::kTypeCode, "MMMMMMMMMMMMMMMMMMMM") / 20;
  rows(compare);
  fill(r, c.surface_sunken);
  if (!begin_area(compare ? "diff" : "edit", r)) return end_area();
  const Rect view = r;
  const float mid = compare ? std::round(view.Min.x + (view.GetWidth() - 10) / 2) : view.Min.x;
  const Rect right(mid, view.Min.y, view.Max.x - 10, view.Max.y),
      left(view.Min.x, view.Min.y, mid, view.Max.y);
  const ImGuiID id = id_of("YAML");
  float base = view.Min.y + 4 - ImGui::GetScrollY();
  const Hit h = hit(id, right, {.nav = false, .cursor = Cursor::kText});
  if (h.hovered && ImGui::IsMouseClicked(0))
    focused_ = true;
  else if (ImGui::IsMouseClicked(0) && !h.hovered)
    focused_ = false;
  mouse(right, base);
  if (focused_) {
    ui().keys_taken = true;
    keys(view.GetHeight());
    rows(compare);
  }
  int to_row = scroll_to_row_;
  scroll_to_row_ = -1;
  if (scroll_to_caret_) to_row = row_of(caret_.line);
  if (to_row >= 0) {
    const float top = kLine * static_cast<float>(to_row), room = view.GetHeight() - 8;
    const float scroll = ImGui::GetScrollY();
    if (top < scroll)
      ImGui::SetScrollY(scroll_to_caret_ ? top : ImMax(0.0f, top - room / 3));
    else if (top + kLine > scroll + room)
      ImGui::SetScrollY(top + kLine - room + (scroll_to_caret_ ? 0 : room / 3));
  }
  scroll_to_caret_ = false;
  base = view.Min.y + 4 - ImGui::GetScrollY();
  const int n = static_cast<int>(rows_.size());
  const int first = ImClamp(static_cast<int>((view.Min.y - base) / kLine), 0, n);
  const int last = ImClamp(static_cast<int>((view.Max.y - base) / kLine) + 1, 0, n);
  if (compare) {
    draw_side(left, false, base, first, last);
    vline(mid, view.Min.y, view.Max.y, c.border_default);
    for (int i = 0; i < n; i++) {  // where the changes are
      if (rows_[static_cast<size_t>(i)].same) continue;
      const float y =
          view.Min.y + 2 +
          (view.GetHeight() - 8) * static_cast<float>(i) / static_cast<float>(ImMax(1, n));
      fill(box(view.Max.x - 8, y, 6, 3),
           rows_[static_cast<size_t>(i)].right < 0  ? c.state_error_solid
           : rows_[static_cast<size_t>(i)].left < 0 ? c.state_success_solid
                                                    : c.state_info_solid,
           1);
    }
  }
  draw_side(right, true, base, first, last);
  MirrorNode& node = ui().mirror.say(id, Role::kTextarea, "YAML", place(right));
  node.value = text();
  node.focused = focused_;
  end_area(base + kLine * static_cast<float>(n) + 8);
}

void CodeEditor::mouse(const Rect& r, float base) {
  const ImGuiIO& io = ImGui::GetIO();
  const bool over = ImGui::IsMouseHoveringRect(r.Min, r.Max) &&
                    ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
  if (!(over && ImGui::IsMouseClicked(0)) && !(dragging_ && ImGui::IsMouseDown(0))) {
    dragging_ = false;
    return;
  }
  const int row = ImClamp(static_cast<int>((io.MousePos.y - base) / kLine), 0,
                          static_cast<int>(rows_.size()) - 1);
  int line = rows_[static_cast<size_t>(row)].right;
  for (int i = row; line < 0 && i >= 0; i--) line = rows_[static_cast<size_t>(i)].right;
  if (line < 0) line = 0;
  if (rows_[static_cast<size_t>(row)].folded > 0) return;
  const Pos to{line, static_cast<int>(byte_at(lines_[static_cast<size_t>(line)],
                                              io.MousePos.x - r.Min.x - kGutter))};
  const bool click = ImGui::IsMouseClicked(0);
  if (click && ImGui::IsMouseDoubleClicked(0)) {
    anchor_ = word(step(to, 1), -1);
    caret_ = word(to, 1);
    return;
  }
  caret_ = to;
  if (click && !io.KeyShift) anchor_ = to;
  dragging_ = true;
  last_edit_ = 0;
}

}  // namespace web
