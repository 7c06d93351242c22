#include "web/widgets/terminal.h"

#include <vterm.h>

#include <algorithm>
#include <cmath>

namespace web {
namespace {

constexpr size_t kScrollback = 5000;
constexpr float kPad = 12;

void append_utf8(std::string& out, char32_t code) {
  char utf8[5];
  ImTextCharToUtf8(utf8, code);
  out += utf8;
}

}  // namespace

struct Terminal::Vt {
  VTerm* vt = nullptr;
  VTermScreen* screen = nullptr;
  VTermState* state = nullptr;
  VTermPos cursor{0, 0};
  bool cursor_visible = true;
};

struct TerminalHooks {
  static Color color(VTermScreen* screen, VTermColor c, bool background) {
    if (background ? VTERM_COLOR_IS_DEFAULT_BG(&c) : VTERM_COLOR_IS_DEFAULT_FG(&c)) return 0;
    if (VTERM_COLOR_IS_INDEXED(&c) && c.indexed.idx < 16)
      return 0xF0000000u | (c.indexed.idx & 7u);  // of the theme
    vterm_screen_convert_color_to_rgb(screen, &c);
    return IM_COL32(c.rgb.red, c.rgb.green, c.rgb.blue, 255);
  }
  static Terminal::Cell cell(VTermScreen* screen, const VTermScreenCell& c) {
    Terminal::Cell out;
    out.code = c.chars[0] == 0 || c.chars[0] == static_cast<uint32_t>(-1) ? ' ' : c.chars[0];
    out.fg = color(screen, c.fg, false);
    out.bg = color(screen, c.bg, true);
    out.bold = c.attrs.bold != 0;
    out.reverse = c.attrs.reverse != 0;
    out.underline = c.attrs.underline != 0;
    out.wide = c.width == 2;
    return out;
  }
  static int push_line(int columns, const VTermScreenCell* cells, void* user) {
    auto* t = static_cast<Terminal*>(user);
    Terminal::Line line;
    for (int i = 0; i < columns; i++) line.push_back(cell(t->vt_->screen, cells[i]));
    while (!line.empty() && line.back().code == ' ' && line.back().bg == 0) line.pop_back();
    t->scrolled_.push_back(std::move(line));
    if (t->scrolled_.size() > kScrollback) t->scrolled_.pop_front();
    if (t->back_ > 0) t->back_ = std::min<int>(t->back_ + 1, static_cast<int>(t->scrolled_.size()));
    return 1;
  }
  static int move_cursor(VTermPos pos, VTermPos, int visible, void* user) {
    auto* t = static_cast<Terminal*>(user);
    t->vt_->cursor = pos;
    t->vt_->cursor_visible = visible != 0;
    return 1;
  }
  static int set_property(VTermProp prop, VTermValue* value, void* user) {
    auto* t = static_cast<Terminal*>(user);
    if (prop == VTERM_PROP_CURSORVISIBLE) t->vt_->cursor_visible = value->boolean != 0;
    return 1;
  }
  static void out(const char* bytes, size_t n, void* user) {
    auto* t = static_cast<Terminal*>(user);
    if (t->output) t->output(std::string_view(bytes, n));
  }
};

Terminal::Terminal() : vt_(std::make_unique<Vt>()) {
  static const VTermScreenCallbacks callbacks = [] {
    VTermScreenCallbacks c{};
    c.movecursor = TerminalHooks::move_cursor;
    c.settermprop = TerminalHooks::set_property;
    c.sb_pushline = TerminalHooks::push_line;
    return c;
  }();
  vt_->vt = vterm_new(rows_, columns_);
  vterm_set_utf8(vt_->vt, 1);
  vterm_output_set_callback(vt_->vt, TerminalHooks::out, this);
  vt_->screen = vterm_obtain_screen(vt_->vt);
  vt_->state = vterm_obtain_state(vt_->vt);
  vterm_screen_set_callbacks(vt_->screen, &callbacks, this);
  vterm_screen_enable_altscreen(vt_->screen, 1);
  vterm_screen_reset(vt_->screen, 1);
}

Terminal::~Terminal() {
  vterm_free(vt_->vt);
}

void Terminal::feed(std::string_view bytes) {
  vterm_input_write(vt_->vt, bytes.data(), bytes.size());
}

void Terminal::paste(std::string_view text) {
  vterm_keyboard_start_paste(vt_->vt);
  std::string s(text);
  std::replace(s.begin(), s.end(), '\n', '\r');
  if (output) output(s);
  vterm_keyboard_end_paste(vt_->vt);
  back_ = 0;
}

void Terminal::fit(const Rect& r) {
  cell_w_ = text_width(tokens::kTypeLog, "MMMMMMMMMM") / 10;
  cell_h_ = tokens::kTypeLog.line;
  const int columns = ImMax(20, static_cast<int>((r.GetWidth() - 2 * kPad) / cell_w_));
  const int rows = ImMax(3, static_cast<int>((r.GetHeight() - 8) / cell_h_));
  if (columns == columns_ && rows == rows_) return;
  columns_ = columns;
  rows_ = rows;
  vterm_set_size(vt_->vt, rows, columns);
  if (resized) resized(columns, rows);
}

Terminal::Line Terminal::line_at(int row) const {
  if (row < 0) {
    const int at = static_cast<int>(scrolled_.size()) + row;
    return at >= 0 ? scrolled_[static_cast<size_t>(at)] : Line();
  }
  Line line;
  for (int x = 0; x < columns_;) {
    VTermScreenCell c;
    vterm_screen_get_cell(vt_->screen, {row, x}, &c);
    line.push_back(TerminalHooks::cell(vt_->screen, c));
    const int width = c.width == 2 ? 2 : 1;
    if (width == 2) line.push_back(Cell{});
    x += width;
  }
  return line;
}

void Terminal::draw_line(const Line& line, float x, float y, int row) {
  const auto& c = col();
  const Color palette[] = {c.ansi_black, c.ansi_red,     c.ansi_green, c.ansi_yellow,
                           c.ansi_blue,  c.ansi_magenta, c.ansi_cyan,  c.ansi_white};
  auto resolve = [&](Color color, Color otherwise) {
    if (color == 0) return otherwise;
    return (color & 0xFFFFFFF8u) == 0xF0000000u ? palette[color & 7] : color;
  };
  const int oldest = -static_cast<int>(scrolled_.size());
  std::string run;
  Color run_ink = 0;
  float run_x = x;
  auto flush = [&] {
    if (run.find_first_not_of(' ') != run.npos)
      text(run_x, y, tokens::kTypeLog, run_ink, run, cell_h_);
    run.clear();
  };
  for (size_t i = 0; i < line.size(); i++) {
    const Cell& cell = line[i];
    Color ink = resolve(cell.fg, c.code_plain), back = resolve(cell.bg, 0);
    if (cell.reverse) {
      const Color swap = back == 0 ? c.surface_sunken : back;
      back = ink;
      ink = swap;
    }
    const float cx = x + cell_w_ * static_cast<float>(i);
    if (back != 0) fill(Rect(std::floor(cx), y, std::ceil(cx + cell_w_), y + cell_h_), back);
    if (selected_) {
      const float at = static_cast<float>(row - oldest) * 10000 + static_cast<float>(i);
      float a = from_.y * 10000 + from_.x, b = to_.y * 10000 + to_.x;
      if (a > b) std::swap(a, b);
      if (at >= a && at < b)
        fill(Rect(std::floor(cx), y, std::ceil(cx + cell_w_), y + cell_h_), c.selection_text);
    }
    if (cell.underline) hline(cx, cx + cell_w_, y + cell_h_ - 3, ink);
    const bool same = !run.empty() && ink == run_ink && cell.code < 0x80;
    if (!same) {
      flush();
      run_x = cx;
      run_ink = ink;
    }
    append_utf8(run, cell.code);
    if (cell.code >= 0x80) flush();
  }
  flush();
}

void Terminal::draw(const Rect& r) {
  fit(r);
  const ImGuiID id = id_of("terminal");
  const Hit h = hit(id, r, {.nav = false, .cursor = Cursor::kText});
  if (h.held || h.pressed)
    focused_ = true;
  else if (ImGui::IsMouseClicked(0) && !h.hovered)
    focused_ = false;
  mouse(r);
  if (focused_) keys();
  ImGui::PushClipRect(r.Min, r.Max, true);
  const float x = r.Min.x + kPad;
  for (int i = 0; i < rows_; i++) {
    const int row = i - back_;
    const float y = r.Min.y + 4 + cell_h_ * static_cast<float>(i);
    draw_line(line_at(row), x, y, row);
  }
  const VTermPos cur = vt_->cursor;
  if (vt_->cursor_visible && back_ == 0) {
    const Rect block =
        box(std::floor(x + cell_w_ * static_cast<float>(cur.col)),
            r.Min.y + 5 + cell_h_ * static_cast<float>(cur.row), std::ceil(cell_w_), 16);
    if (focused_)
      fill(block, col().code_plain);
    else
      outline(block, col().code_plain);
  }
  ImGui::PopClipRect();
  if (focused_)
    ui().backend.set_text_input(true, x + cell_w_ * static_cast<float>(cur.col),
                                r.Min.y + cell_h_ * static_cast<float>(cur.row), cell_h_);
  MirrorNode& n = ui().mirror.say(id, Role::kTerminal, "Terminal", place(r));
  n.focused = focused_;
  ui().mirror.say(id ^ 1, Role::kLog, screen_text(),
                  place(Rect(r.Min.x, r.Min.y, r.Min.x + 4, r.Min.y + 4)));
}

void Terminal::mouse(const Rect& r) {
  const ImGuiIO& io = ImGui::GetIO();
  const bool over = ImGui::IsMouseHoveringRect(r.Min, r.Max) &&
                    ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
  if (over && io.MouseWheel != 0) {
    back_ = ImClamp(back_ + static_cast<int>(std::round(io.MouseWheel * 4)), 0,
                    static_cast<int>(scrolled_.size()));
  }
  const ImVec2 cell(
      ImClamp((io.MousePos.x - r.Min.x - kPad) / cell_w_, 0.0f, static_cast<float>(columns_)),
      (io.MousePos.y - r.Min.y - 4) / cell_h_ - static_cast<float>(back_) +
          static_cast<float>(scrolled_.size()));
  const ImVec2 at(std::floor(cell.x + 0.5f), std::floor(cell.y));
  if (over && ImGui::IsMouseClicked(0)) {
    from_ = to_ = at;
    selecting_ = true;
    selected_ = false;
  } else if (selecting_ && ImGui::IsMouseDown(0)) {
    to_ = at;
    selected_ = from_.x != to_.x || from_.y != to_.y;
  } else {
    selecting_ = false;
  }
}

std::string Terminal::selection() const {
  if (!selected_) return {};
  ImVec2 a = from_, b = to_;
  if (a.y * 10000 + a.x > b.y * 10000 + b.x) std::swap(a, b);
  std::string out;
  for (int row = static_cast<int>(a.y); row <= static_cast<int>(b.y); row++) {
    const Line line = line_at(row - static_cast<int>(scrolled_.size()));
    const auto first = static_cast<size_t>(row == static_cast<int>(a.y) ? a.x : 0);
    const auto last = std::min(
        line.size(), row == static_cast<int>(b.y) ? static_cast<size_t>(b.x) : line.size());
    std::string words;
    for (size_t i = first; i < last; i++) append_utf8(words, line[i].code);
    while (!words.empty() && words.back() == ' ') words.pop_back();
    out += words;
    if (row < static_cast<int>(b.y)) out += '\n';
  }
  return out;
}

std::string Terminal::screen_text() const {
  std::string out;
  for (int row = 0; row < rows_; row++) {
    std::string words;
    for (const Cell& c : line_at(row)) append_utf8(words, c.code);
    while (!words.empty() && words.back() == ' ') words.pop_back();
    if (!words.empty()) out += words + "\n";
  }
  return out;
}

void Terminal::keys() {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.KeyShift && ImGui::IsKeyPressed(ImGuiKey_Escape, false)) {
    focused_ = false;
    return;
  }
  int mods = VTERM_MOD_NONE;
  if (io.KeyShift) mods |= VTERM_MOD_SHIFT;
  if (io.KeyAlt) mods |= VTERM_MOD_ALT;
  if (io.KeyCtrl) mods |= VTERM_MOD_CTRL;
  struct Map {
    ImGuiKey key;
    VTermKey vt;
  };
  static const Map map[] = {
      {ImGuiKey_Enter, VTERM_KEY_ENTER},      {ImGuiKey_KeypadEnter, VTERM_KEY_ENTER},
      {ImGuiKey_Tab, VTERM_KEY_TAB},          {ImGuiKey_Backspace, VTERM_KEY_BACKSPACE},
      {ImGuiKey_Escape, VTERM_KEY_ESCAPE},    {ImGuiKey_UpArrow, VTERM_KEY_UP},
      {ImGuiKey_DownArrow, VTERM_KEY_DOWN},   {ImGuiKey_LeftArrow, VTERM_KEY_LEFT},
      {ImGuiKey_RightArrow, VTERM_KEY_RIGHT}, {ImGuiKey_Insert, VTERM_KEY_INS},
      {ImGuiKey_Delete, VTERM_KEY_DEL},       {ImGuiKey_Home, VTERM_KEY_HOME},
      {ImGuiKey_End, VTERM_KEY_END},          {ImGuiKey_PageUp, VTERM_KEY_PAGEUP},
      {ImGuiKey_PageDown, VTERM_KEY_PAGEDOWN}};
  for (const Map& m : map) {
    if (!ImGui::IsKeyPressed(m.key)) continue;
    vterm_keyboard_key(vt_->vt, m.vt, static_cast<VTermModifier>(mods));
    back_ = 0;
  }
  if (io.KeyCtrl && ImGui::IsKeyPressed(ImGuiKey_C, false) && selected_) {
    ui().backend.copy(selection());
    selected_ = false;
    return;
  }
  if (io.KeyCtrl && !io.KeySuper) {
    for (int k = ImGuiKey_A; k <= ImGuiKey_Z; k++) {
      if (!ImGui::IsKeyPressed(static_cast<ImGuiKey>(k))) continue;
      vterm_keyboard_unichar(vt_->vt, static_cast<uint32_t>('a' + (k - ImGuiKey_A)),
                             VTERM_MOD_CTRL);
      back_ = 0;
    }
  }
  for (const ImWchar ch : io.InputQueueCharacters) {
    if (ch < 32 || io.KeyCtrl) continue;
    vterm_keyboard_unichar(vt_->vt, ch, io.KeyAlt ? VTERM_MOD_ALT : VTERM_MOD_NONE);
    back_ = 0;
    selected_ = false;
  }
}

}  // namespace web
