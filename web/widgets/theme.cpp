// ImGui's own style from the tokens: what is left of it are popups, scrollbars and text fields.
#include "web/widgets/ui.h"

namespace web {

void Ui::set_theme(bool dark_theme) {
  dark = dark_theme;
  c = dark ? &tokens::kDark : &tokens::kLight;
  ImGuiStyle& s = ImGui::GetStyle();
  s = ImGuiStyle();
  s.FontSizeBase = 16;
  s.WindowPadding = ImVec2(0, 0);
  s.WindowBorderSize = 0;
  s.ChildBorderSize = 0;
  s.PopupBorderSize = 0;
  s.PopupRounding = tokens::kRadiusUseMenu;
  s.ScrollbarSize = tokens::kSizeScrollbarW;
  s.ScrollbarRounding = tokens::kSizeScrollbarW / 2;
  s.ItemSpacing = ImVec2(0, 0);
  s.FrameBorderSize = 0;
  s.DisabledAlpha = 1;
  s.AntiAliasedLinesUseTex = false;
  s.CircleTessellationMaxError = 0.1f;
  s.CurveTessellationTol = 0.5f;
  auto set = [&](ImGuiCol at, Color color) {
    s.Colors[at] = ImGui::ColorConvertU32ToFloat4(color);
  };
  set(ImGuiCol_Text, c->text_primary);
  set(ImGuiCol_TextDisabled, c->text_tertiary);
  set(ImGuiCol_WindowBg, c->surface_canvas);
  set(ImGuiCol_ChildBg, 0);
  set(ImGuiCol_PopupBg, c->surface_raised);
  set(ImGuiCol_Border, c->border_default);
  set(ImGuiCol_ScrollbarBg, 0);
  set(ImGuiCol_ScrollbarGrab, c->border_strong);
  set(ImGuiCol_ScrollbarGrabHovered, c->text_disabled);
  set(ImGuiCol_ScrollbarGrabActive, c->text_tertiary);
  set(ImGuiCol_TextSelectedBg, c->selection_text);
  set(ImGuiCol_InputTextCursor, c->text_primary);
  set(ImGuiCol_NavCursor, 0);
  set(ImGuiCol_ModalWindowDimBg, c->surface_scrim);
  set(ImGuiCol_FrameBg, c->surface_control);
  backend.set_theme(dark ? "dark" : "light");
}

}  // namespace web
