#include "web/platform/keys.h"

namespace web {
namespace {

struct Named {
  const char* code;
  ImGuiKey key;
};
constexpr Named kNamed[] = {
    {"Tab", ImGuiKey_Tab},
    {"ArrowLeft", ImGuiKey_LeftArrow},
    {"ArrowRight", ImGuiKey_RightArrow},
    {"ArrowUp", ImGuiKey_UpArrow},
    {"ArrowDown", ImGuiKey_DownArrow},
    {"PageUp", ImGuiKey_PageUp},
    {"PageDown", ImGuiKey_PageDown},
    {"Home", ImGuiKey_Home},
    {"End", ImGuiKey_End},
    {"Insert", ImGuiKey_Insert},
    {"Delete", ImGuiKey_Delete},
    {"Backspace", ImGuiKey_Backspace},
    {"Space", ImGuiKey_Space},
    {"Enter", ImGuiKey_Enter},
    {"NumpadEnter", ImGuiKey_KeypadEnter},
    {"Escape", ImGuiKey_Escape},
    {"ControlLeft", ImGuiKey_LeftCtrl},
    {"ControlRight", ImGuiKey_RightCtrl},
    {"ShiftLeft", ImGuiKey_LeftShift},
    {"ShiftRight", ImGuiKey_RightShift},
    {"AltLeft", ImGuiKey_LeftAlt},
    {"AltRight", ImGuiKey_RightAlt},
    {"MetaLeft", ImGuiKey_LeftSuper},
    {"MetaRight", ImGuiKey_RightSuper},
    {"ContextMenu", ImGuiKey_Menu},
    {"Backquote", ImGuiKey_GraveAccent},
};
constexpr Named kSigns[] = {
    {"'", ImGuiKey_Apostrophe},   {",", ImGuiKey_Comma},       {"-", ImGuiKey_Minus},
    {".", ImGuiKey_Period},       {"/", ImGuiKey_Slash},       {";", ImGuiKey_Semicolon},
    {"=", ImGuiKey_Equal},        {"[", ImGuiKey_LeftBracket}, {"\\", ImGuiKey_Backslash},
    {"]", ImGuiKey_RightBracket},
};

}  // namespace

ImGuiKey key_of(std::string_view code, std::string_view key) {
  if (key.size() == 1) {
    const char c = key[0];
    if (c >= 'a' && c <= 'z') return static_cast<ImGuiKey>(ImGuiKey_A + (c - 'a'));
    if (c >= 'A' && c <= 'Z') return static_cast<ImGuiKey>(ImGuiKey_A + (c - 'A'));
    for (const Named& n : kSigns) {
      if (key == n.code) return n.key;
    }
  }
  for (const Named& n : kNamed) {
    if (code == n.code) return n.key;
  }
  if (code.size() == 4 && code.starts_with("Key")) {
    return static_cast<ImGuiKey>(ImGuiKey_A + (code[3] - 'A'));
  }
  if (code.size() == 6 && code.starts_with("Digit")) {
    return static_cast<ImGuiKey>(ImGuiKey_0 + (code[5] - '0'));
  }
  if (code.size() >= 2 && code[0] == 'F' && code[1] >= '1' && code[1] <= '9') {
    int n = 0;
    for (const char c : code.substr(1)) n = n * 10 + (c - '0');
    if (n <= 12) return static_cast<ImGuiKey>(ImGuiKey_F1 + (n - 1));
  }
  return ImGuiKey_None;
}

bool claims(ImGuiKey key, std::string_view text, int mods, bool greedy) {
  const bool ctrl = (mods & 9) != 0, shift = (mods & 2) != 0, alt = (mods & 4) != 0;
  if (key >= ImGuiKey_F1 && key <= ImGuiKey_F12) return false;
  if (alt) return false;  // the browser's history and menus
  if (!ctrl) {
    const bool writes = text.size() == 1 || (!text.empty() && (text[0] & 0x80) != 0);
    return !writes && key != ImGuiKey_None;
  }
  if (greedy) return !shift;
  switch (key) {
    case ImGuiKey_A:
    case ImGuiKey_C:
    case ImGuiKey_X:
    case ImGuiKey_Z:
    case ImGuiKey_Y:
    case ImGuiKey_K:
    case ImGuiKey_F:
    case ImGuiKey_S:
    case ImGuiKey_D:
    case ImGuiKey_GraveAccent:
      return !shift || key == ImGuiKey_Z || key == ImGuiKey_K || key == ImGuiKey_S;
    case ImGuiKey_Space:
    case ImGuiKey_Enter:
    case ImGuiKey_LeftArrow:
    case ImGuiKey_RightArrow:
    case ImGuiKey_UpArrow:
    case ImGuiKey_DownArrow:
    case ImGuiKey_Home:
    case ImGuiKey_End:
    case ImGuiKey_Backspace:
    case ImGuiKey_Delete:
      return true;
    default:
      return false;
  }
}

}  // namespace web
