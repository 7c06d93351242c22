// What keys do in a CodeEditor: caret, selection, text, history.
#include <algorithm>

#include "web/widgets/code_editor.h"

namespace web {
namespace {

enum Edit { kNothing, kTyped, kErased, kOther };

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c & 0x80) != 0;
}

}  // namespace

CodeEditor::Pos CodeEditor::step(Pos p, int by) const {
  const std::string& s = lines_[static_cast<size_t>(p.line)];
  if (by > 0) {
    if (p.at >= static_cast<int>(s.size()))
      return p.line + 1 < static_cast<int>(lines_.size()) ? Pos{p.line + 1, 0} : p;
    p.at++;
    while (p.at < static_cast<int>(s.size()) && (s[static_cast<size_t>(p.at)] & 0xC0) == 0x80)
      p.at++;
    return p;
  }
  if (p.at == 0)
    return p.line > 0
               ? Pos{p.line - 1, static_cast<int>(lines_[static_cast<size_t>(p.line - 1)].size())}
               : p;
  p.at--;
  while (p.at > 0 && (s[static_cast<size_t>(p.at)] & 0xC0) == 0x80) p.at--;
  return p;
}

CodeEditor::Pos CodeEditor::word(Pos p, int by) const {
  const std::string& s = lines_[static_cast<size_t>(p.line)];
  const int n = static_cast<int>(s.size());
  if (by > 0) {
    if (p.at >= n) return step(p, 1);
    const bool kind = in_word(s[static_cast<size_t>(p.at)]);
    while (p.at < n && in_word(s[static_cast<size_t>(p.at)]) == kind) p.at++;
    return p;
  }
  if (p.at == 0) return step(p, -1);
  const bool kind = in_word(s[static_cast<size_t>(p.at - 1)]);
  while (p.at > 0 && in_word(s[static_cast<size_t>(p.at - 1)]) == kind) p.at--;
  return p;
}

void CodeEditor::move(Pos to, bool select) {
  to.line = ImClamp(to.line, 0, static_cast<int>(lines_.size()) - 1);
  const std::string& s = lines_[static_cast<size_t>(to.line)];
  to.at = ImClamp(to.at, 0, static_cast<int>(s.size()));
  while (to.at > 0 && to.at < static_cast<int>(s.size()) &&
         (s[static_cast<size_t>(to.at)] & 0xC0) == 0x80)
    to.at--;
  caret_ = to;
  if (!select) anchor_ = to;
  scroll_to_caret_ = true;
  last_edit_ = kNothing;
}

void CodeEditor::remember(int kind) {
  if (kind == last_edit_ && kind != kOther) return;  // one step for a run of letters
  last_edit_ = kind;
  undo_.push_back({lines_, caret_});
  if (undo_.size() > kHistoryMax) undo_.erase(undo_.begin());
  redo_.clear();
}

void CodeEditor::restore(std::vector<Snapshot>& from, std::vector<Snapshot>& to) {
  if (from.empty()) return;
  to.push_back({lines_, caret_});
  lines_ = std::move(from.back().lines);
  caret_ = anchor_ = from.back().caret;
  from.pop_back();
  last_edit_ = kNothing;
  scroll_to_caret_ = true;
  changed();
}

std::string CodeEditor::selected() const {
  const Pos a = std::min(caret_, anchor_), b = std::max(caret_, anchor_);
  std::string out;
  for (int i = a.line; i <= b.line; i++) {
    const std::string& s = lines_[static_cast<size_t>(i)];
    const size_t from = i == a.line ? static_cast<size_t>(a.at) : 0;
    const size_t to = i == b.line ? static_cast<size_t>(b.at) : s.size();
    out += s.substr(from, to - from);
    if (i < b.line) out += '\n';
  }
  return out;
}

void CodeEditor::erase_selection() {
  const Pos a = std::min(caret_, anchor_), b = std::max(caret_, anchor_);
  const std::string tail = lines_[static_cast<size_t>(b.line)].substr(static_cast<size_t>(b.at));
  lines_[static_cast<size_t>(a.line)].resize(static_cast<size_t>(a.at));
  lines_[static_cast<size_t>(a.line)] += tail;
  lines_.erase(lines_.begin() + a.line + 1, lines_.begin() + b.line + 1);
  caret_ = anchor_ = a;
}

void CodeEditor::insert(std::string_view text) {
  if (has_selection()) erase_selection();
  std::string& line = lines_[static_cast<size_t>(caret_.line)];
  const std::string tail = line.substr(static_cast<size_t>(caret_.at));
  line.resize(static_cast<size_t>(caret_.at));
  std::vector<std::string> parts = split_lines(text);
  line += parts[0];
  lines_.insert(lines_.begin() + caret_.line + 1, parts.begin() + 1, parts.end());
  caret_.line += static_cast<int>(parts.size()) - 1;
  std::string& last = lines_[static_cast<size_t>(caret_.line)];
  caret_.at = static_cast<int>(last.size());
  last += tail;
  anchor_ = caret_;
  scroll_to_caret_ = true;
  changed();
}

void CodeEditor::indent_lines(int by) {
  const Pos a = std::min(caret_, anchor_), b = std::max(caret_, anchor_);
  for (int i = a.line; i <= b.line; i++) {
    std::string& s = lines_[static_cast<size_t>(i)];
    int moved = 0;
    if (by > 0)
      s.insert(0, "  "), moved = 2;
    else
      while (moved > -2 && !s.empty() && s[0] == ' ') s.erase(0, 1), moved--;
    if (caret_.line == i) caret_.at = ImMax(0, caret_.at + moved);
    if (anchor_.line == i) anchor_.at = ImMax(0, anchor_.at + moved);
  }
  changed();
}

std::string CodeEditor::path_at_caret() const {
  std::string out;
  size_t limit = std::string::npos;
  for (int i = caret_.line; i >= 0 && limit != 0; i--) {
    const std::string& s = lines_[static_cast<size_t>(i)];
    size_t indent = s.find_first_not_of(' ');
    if (indent == s.npos || s[indent] == '#') continue;
    size_t key_at = indent;
    while (key_at + 1 < s.size() && s[key_at] == '-' && s[key_at + 1] == ' ') key_at += 2;
    const size_t colon = s.find(':', key_at);
    if (colon == s.npos || key_at >= limit) continue;
    out = s.substr(key_at, colon - key_at) + (out.empty() ? "" : "." + out);
    limit = key_at > indent ? indent + 1 : key_at;
  }
  return out;
}

void CodeEditor::keys(float view) {
  const ImGuiIO& io = ImGui::GetIO();
  const bool ctrl = io.KeyCtrl || io.KeySuper, shift = io.KeyShift;
  auto key = [](ImGuiKey k) { return ImGui::IsKeyPressed(k); };
  const int page = ImMax(1, static_cast<int>(view / tokens::kTypeCode.line) - 2);
  const std::string& line = lines_[static_cast<size_t>(caret_.line)];
  if (key(ImGuiKey_Escape)) focused_ = false;
  if (key(ImGuiKey_LeftArrow)) {
    if (has_selection() && !shift && !ctrl)
      move(std::min(caret_, anchor_), false);
    else
      move(ctrl ? word(caret_, -1) : step(caret_, -1), shift);
  }
  if (key(ImGuiKey_RightArrow)) {
    if (has_selection() && !shift && !ctrl)
      move(std::max(caret_, anchor_), false);
    else
      move(ctrl ? word(caret_, 1) : step(caret_, 1), shift);
  }
  if (key(ImGuiKey_UpArrow)) move({caret_.line - 1, caret_.at}, shift);
  if (key(ImGuiKey_DownArrow)) move({caret_.line + 1, caret_.at}, shift);
  if (key(ImGuiKey_PageUp)) move({caret_.line - page, caret_.at}, shift);
  if (key(ImGuiKey_PageDown)) move({caret_.line + page, caret_.at}, shift);
  if (key(ImGuiKey_Home)) {
    const size_t first = line.find_first_not_of(' ');
    const int soft = first == line.npos ? 0 : static_cast<int>(first);
    move(ctrl ? Pos{0, 0} : Pos{caret_.line, caret_.at == soft ? 0 : soft}, shift);
  }
  if (key(ImGuiKey_End)) {
    const int last = static_cast<int>(lines_.size()) - 1;
    move(ctrl ? Pos{last, static_cast<int>(lines_.back().size())}
              : Pos{caret_.line, static_cast<int>(line.size())},
         shift);
  }
  if (ctrl && key(ImGuiKey_A)) {
    anchor_ = {0, 0};
    caret_ = {static_cast<int>(lines_.size()) - 1, static_cast<int>(lines_.back().size())};
  }
  if (ctrl && (key(ImGuiKey_C) || key(ImGuiKey_X)) && has_selection())
    ImGui::SetClipboardText(selected().c_str());
  if (!read_only_) edit_keys();
}

void CodeEditor::edit_keys() {
  const ImGuiIO& io = ImGui::GetIO();
  const bool ctrl = io.KeyCtrl || io.KeySuper, shift = io.KeyShift;
  auto key = [](ImGuiKey k) { return ImGui::IsKeyPressed(k); };
  if (ctrl && key(ImGuiKey_X) && has_selection()) {
    remember(kOther);
    erase_selection();
    changed();
  }
  if (ctrl && key(ImGuiKey_V)) {
    remember(kOther);
    insert(ImGui::GetClipboardText());
  }
  if (ctrl && key(ImGuiKey_Z)) {
    if (shift)
      restore(redo_, undo_);
    else
      restore(undo_, redo_);
  }
  if (ctrl && key(ImGuiKey_Y)) restore(redo_, undo_);
  if (key(ImGuiKey_Enter) || key(ImGuiKey_KeypadEnter)) {
    remember(kOther);
    const std::string& s = lines_[static_cast<size_t>(caret_.line)];
    size_t indent = s.find_first_not_of(' ');
    if (indent == s.npos) indent = s.size();
    indent = std::min(indent, static_cast<size_t>(caret_.at));
    const std::string_view head = std::string_view(s).substr(0, static_cast<size_t>(caret_.at));
    if (head.ends_with(":") || head.ends_with("|") || head.ends_with("|-")) indent += 2;
    insert("\n" + std::string(indent, ' '));
  }
  if (key(ImGuiKey_Tab)) {
    remember(kOther);
    if (shift)
      indent_lines(-1);
    else if (caret_.line != anchor_.line)
      indent_lines(1);
    else
      insert(std::string(static_cast<size_t>(2 - caret_.at % 2), ' '));
  }
  if (key(ImGuiKey_Backspace) || key(ImGuiKey_Delete)) {
    remember(kErased);
    if (!has_selection()) {
      const bool back = key(ImGuiKey_Backspace);
      anchor_ = ctrl ? word(caret_, back ? -1 : 1) : step(caret_, back ? -1 : 1);
      // In the indent, backspace takes a whole step.
      const std::string& s = lines_[static_cast<size_t>(caret_.line)];
      if (back && !ctrl && caret_.at >= 2 && caret_.at % 2 == 0 &&
          s.find_first_not_of(' ') >= static_cast<size_t>(caret_.at))
        anchor_.at = caret_.at - 2;
    }
    erase_selection();
    scroll_to_caret_ = true;
    changed();
  }
  if (ctrl) return;
  std::string typed;
  for (const ImWchar ch : io.InputQueueCharacters) {
    if (ch < 32) continue;
    char utf8[5];
    ImTextCharToUtf8(utf8, ch);
    typed += utf8;
  }
  if (typed.empty()) return;
  remember(kTyped);
  insert(typed);
}

}  // namespace web
