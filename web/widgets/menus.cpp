// Menus and dialogs of controls.h.
#include <cmath>

#include "web/widgets/controls.h"

namespace web {
namespace {

void wait_for_its_place() {
  const ImGuiWindow* w = ImGui::GetCurrentWindow();
  if (w->Appearing || w->Hidden || w->HiddenFramesCannotSkipItems > 0) ui().measuring = true;
}

}  // namespace

void open_menu(std::string_view name) {
  ImGui::OpenPopup(std::string(name).c_str());
}

bool begin_menu(std::string_view name, const ImVec2& at, float width, bool right_aligned) {
  const std::string id(name);
  if (!ImGui::IsPopupOpen(id.c_str())) return false;
  ImGui::SetNextWindowPos(at, ImGuiCond_Appearing, ImVec2(right_aligned ? 1.0f : 0.0f, 0));
  ImGui::SetNextWindowSizeConstraints(ImVec2(width, 0),
                                      ImVec2(width, ImGui::GetIO().DisplaySize.y - 16));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(4, 4));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  if (!ImGui::BeginPopup(id.c_str(), ImGuiWindowFlags_NoMove)) {
    ImGui::PopStyleVar(2);
    return false;
  }
  wait_for_its_place();
  ImGuiWindow* w = ImGui::GetCurrentWindow();
  // The shadow lies outside of the window, on the same list, before its content.
  ImDrawList* list = w->DrawList;
  list->PushClipRectFullScreen();
  shadow(list, w->Rect(), 8, col().shadow_menu);
  list->PopClipRect();
  fill(w->Rect(), col().surface_raised, 8);
  outline(w->Rect(), col().border_default, 8);
  ui().mirror.open(w->ID, Role::kMenu, name, place(w->Rect()));
  return true;
}

bool menu_item(uint32_t code, std::string_view label, const MenuItemOptions& o) {
  const auto& c = col();
  ImGuiWindow* w = ImGui::GetCurrentWindow();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Rect r = box(at.x, at.y, w->Size.x - 8, tokens::kSizeRowMenuItem);
  ImGui::ItemSize(r.GetSize());
  const ImGuiID id = id_of(label);
  const Hit h = hit(id, r, {.disabled = o.disabled});
  if ((h.hovered || h.focused) && !o.disabled) fill(r, c.surface_hover, tokens::kRadiusUseMenuItem);
  const Color ink = o.disabled ? c.text_disabled : o.danger ? c.state_error_text : c.text_primary;
  if (code != 0)
    icon(r.Min.x + 10, r.Min.y + 8, 16, o.disabled || o.danger ? ink : c.text_secondary, code);
  const float x = r.Min.x + (code != 0 ? 36 : 12);
  const float width =
      text_fit(x, r.Min.y, tokens::kTypeBody, ink, label, r.GetWidth() - 50, r.GetHeight());
  if (!o.note.empty()) {
    text_fit(x + width + 8, r.Min.y, tokens::kTypeSmall, c.text_tertiary, o.note,
             r.Max.x - x - width - 16, r.GetHeight());
  }
  if (o.checked) icon(r.Max.x - 26, r.Min.y + 8, 16, c.accent_icon, tokens::kIconCheck);
  text_right(r.Max.x - 10, r.Min.y, tokens::kTypeSmall, c.text_tertiary, o.key, r.GetHeight());
  MirrorNode& n = ui().mirror.say(id, Role::kMenuitem, label, place(r));
  n.disabled = o.disabled;
  if (o.checked) n.checked = 1;
  tooltip(h, o.tip);
  if (h.pressed) ImGui::CloseCurrentPopup();
  return h.pressed;
}

void menu_gap() {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float w = ImGui::GetCurrentWindow()->Size.x;
  hline(at.x - 4, at.x + w - 4, at.y + 4, col().border_default);
  ImGui::ItemSize(ImVec2(w - 8, 9));
}

void menu_title(std::string_view words) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  text(at.x + 12, at.y, tokens::kTypeSmallStrong, col().text_tertiary, words, 28);
  ImGui::ItemSize(ImVec2(10, 28));
}

void end_menu() {
  ui().mirror.close();
  ImGui::EndPopup();
  ImGui::PopStyleVar(2);
}

void open_dialog(std::string_view name) {
  ImGui::OpenPopup(std::string(name).c_str());
}

bool begin_dialog(std::string_view name, float width, float height, Rect* inside, bool* stay_open) {
  const std::string id(name);
  if (!ImGui::IsPopupOpen(id.c_str())) return false;
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  width = ImMin(width, screen.x - 16);
  height = ImMin(height, screen.y - 16);
  ImGui::SetNextWindowPos(
      ImVec2(std::round((screen.x - width) / 2), std::round((screen.y - height) / 2.4f)));
  ImGui::SetNextWindowSize(ImVec2(width, height));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, tokens::kRadiusUseDialog);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  const bool open = ImGui::BeginPopupModal(
      id.c_str(), stay_open,
      ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar(3);
  if (!open) return false;
  wait_for_its_place();
  ImGuiWindow* w = ImGui::GetCurrentWindow();
  w->DrawList->PushClipRectFullScreen();
  shadow(w->DrawList, w->Rect(), tokens::kRadiusUseDialog, col().shadow_dialog);
  w->DrawList->PopClipRect();
  fill(w->Rect(), col().surface_raised, tokens::kRadiusUseDialog);
  outline(w->Rect(), col().border_default, tokens::kRadiusUseDialog);
  *inside = w->Rect();
  ui().mirror.open(w->ID, Role::kDialog, name, place(w->Rect()));
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, false)) ImGui::CloseCurrentPopup();
  return true;
}

void end_dialog() {
  ui().mirror.close();
  ImGui::EndPopup();
}

}  // namespace web
