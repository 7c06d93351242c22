#include "web/widgets/forms.h"

#include "web/widgets/parts.h"

namespace web {

void field_label(float x, float y, float w, std::string_view label, std::string_view note) {
  const float lw = text(x, y, tokens::kTypeSmallStrong, col().text_secondary, label, 20);
  if (!note.empty())
    text_fit(x + lw + 8, y, tokens::kTypeSmall, col().text_tertiary, note, w - lw - 8, 20);
}

bool field(float x, float y, float w, std::string_view label, std::string& value,
           const InputOptions& options, std::string_view note, bool* submitted) {
  field_label(x, y, w, label, note);
  return input(box(x, y + 22, w, 32), label, value, options, submitted);
}

bool choose(const Rect& r, std::string_view label, const std::vector<Choice>& choices,
            std::string& value, std::string_view none) {
  const auto& c = col();
  std::string_view shown = none;
  for (const Choice& one : choices) {
    if (one.value == value) shown = one.label;
  }
  const ImGuiID id = id_of(label) ^ 0xC400;
  const Hit h = hit(id, r);
  fill(r, h.hovered ? c.surface_hover : c.surface_control, tokens::kRadiusUseInput);
  outline(r, h.hovered ? c.border_strong : c.border_control, tokens::kRadiusUseInput);
  if (h.focused) focus_ring(r, tokens::kRadiusUseInput);
  text_fit(r.Min.x + 10, r.Min.y, tokens::kTypeBody,
           shown == none ? c.text_tertiary : c.text_primary, shown, r.GetWidth() - 38,
           r.GetHeight());
  icon(r.Max.x - 26, r.Min.y + (r.GetHeight() - 16) / 2, 16, c.text_secondary,
       tokens::kIconChevronDown);
  ui().mirror.say(id, Role::kButton, std::string(label) + ": " + std::string(shown), place(r));
  bool changed = false;
  const std::string menu = std::string(label) + " choices";
  if (h.pressed) open_menu(menu);
  // Over its box where there is no room under it; longer than both it may cover the box.
  const float tall = static_cast<float>(choices.size()) * tokens::kSizeRowMenuItem + 8;
  const bool above =
      r.Max.y + 4 + tall > ImGui::GetIO().DisplaySize.y - 8 && r.Min.y - 4 - tall >= 8;
  const ImVec2 at(r.Min.x, above ? r.Min.y - 4 - tall : r.Max.y + 4);
  if (!begin_menu(menu, at, ImMax(160.0f, r.GetWidth()))) return false;
  for (const Choice& one : choices) {
    if (menu_item(0, one.label, {.checked = one.value == value, .note = one.note}) &&
        one.value != value) {
      value = one.value;
      changed = true;
    }
  }
  end_menu();
  return changed;
}

bool radio_row(const Rect& r, std::string_view label, std::string_view note, bool on) {
  const auto& c = col();
  const ImGuiID id = id_of(label) ^ 0x4AD1;
  const Hit h = hit(id, r);
  if (!in_view(r)) return h.pressed;
  if (on)
    fill(r, c.surface_selected, tokens::kRadiusUseMenuItem);
  else if (h.hovered)
    fill(r, c.surface_hover, tokens::kRadiusUseMenuItem);
  if (h.focused) focus_ring(r, tokens::kRadiusUseMenuItem, true);
  const float line = note.empty() ? r.GetHeight() : 20, top = note.empty() ? 0 : 6;
  radio_mark(r.Min.x + 10, r.Min.y + top + (line - 16) / 2, on);
  text_fit(r.Min.x + 36, r.Min.y + top, tokens::kTypeBodyStrong, c.text_primary, label,
           r.GetWidth() - 48, line);
  if (!note.empty())
    text_fit(r.Min.x + 36, r.Min.y + 26, tokens::kTypeSmall, c.text_secondary, note,
             r.GetWidth() - 48, 16);
  ui().mirror.say(id, Role::kRadio, label, place(r)).checked = on ? 1 : 0;
  return h.pressed;
}

float dialog_head(const Rect& r, std::string_view title) {
  const float w = r.GetWidth() - 48;
  text_fit(r.Min.x + 24, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, title, w);
  say_heading(box(r.Min.x + 24, r.Min.y + 18, w, 24), title, 2);
  return r.Min.y + 56;
}

Foot dialog_foot(const Rect& r, const DialogFoot& o) {
  float x = r.Max.x - 24;
  const float y = r.Max.y - 52;
  Foot out = Foot::kNothing;
  if (button_left_of(x, y, o.action,
                     {.kind = o.danger ? ButtonKind::kDanger : ButtonKind::kPrimary,
                      .disabled = !o.ready,
                      .busy = o.busy,
                      .tip = o.ready ? std::string_view() : o.tip}))
    out = Foot::kGo;
  if (button_left_of(x, y, "Cancel")) {
    ImGui::CloseCurrentPopup();
    out = Foot::kCancel;
  }
  if (!o.error.empty()) {
    const float w = r.GetWidth() - 48;
    const float h = ImMin(32.0f, wrap_height(tokens::kTypeSmall, o.error, w));
    text_wrap(r.Min.x + 24, y - 8 - h, tokens::kTypeSmall, col().state_error_text, o.error, w, 16,
              2);
    ui().mirror.say(id_of("dialog error"), Role::kAlert, o.error,
                    place(box(r.Min.x + 24, y - 8 - h, w, h)));
  }
  return out;
}

std::string names_text(const std::vector<std::string>& names, size_t shown) {
  std::string out;
  const size_t n = names.size() > shown + 1 ? shown : names.size();
  for (size_t i = 0; i < n; i++) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  if (n < names.size()) out += " and " + std::to_string(names.size() - n) + " more";
  return out;
}

std::string plural(int64_t n, std::string_view one, std::string_view many) {
  std::string out = count_text(n) + " ";
  if (n == 1) return out += one;
  if (!many.empty()) return out += many;
  return (out += one) += "s";
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

}  // namespace web
