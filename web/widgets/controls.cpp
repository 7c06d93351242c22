#include "web/widgets/controls.h"

#include <cmath>

#include "misc/cpp/imgui_stdlib.h"
#include "web/widgets/parts.h"

namespace web {
namespace {

constexpr float kIconSize = tokens::kSizeIconMd;

struct Look {
  Color fill, edge, ink;
};

Look look_of(const ButtonOptions& o, const Hit& h) {
  const auto& c = col();
  const bool over = h.hovered;
  if (o.disabled && (o.kind == ButtonKind::kPrimary || o.kind == ButtonKind::kDanger)) {
    return {c.surface_hover, c.border_default, c.text_disabled};
  }
  switch (o.kind) {
    case ButtonKind::kPrimary:
      return {h.held ? c.accent_fillPressed
              : over ? c.accent_fillHover
                     : c.accent_fill,
              0, c.text_onAccent};
    case ButtonKind::kDanger:
      return {over ? c.danger_fillHover : c.danger_fill, 0, c.text_onDanger};
    case ButtonKind::kSecondary:
      return {h.held ? c.surface_pressed
              : over ? c.surface_hover
                     : c.surface_control,
              over ? c.border_strong : c.border_default,
              o.disabled ? c.text_disabled : c.text_primary};
    case ButtonKind::kDangerGhost:
      return {h.held ? c.surface_pressed
              : over ? c.state_error_subtle
                     : 0,
              0, o.disabled ? c.text_disabled : c.state_error_text};
    case ButtonKind::kGhost:
      break;
  }
  if (o.active) return {over ? c.surface_selectedHover : c.accent_subtle, 0, c.accent_text};
  return {h.held                ? c.surface_pressed
          : over && !o.disabled ? c.surface_hover
                                : 0,
          0,
          o.disabled ? c.text_disabled
          : over     ? c.text_primary
                     : c.text_secondary};
}

const TextStyle& style_of(const ButtonOptions& o) {
  return o.style != nullptr ? *o.style : tokens::kTypeBodyStrong;
}

}  // namespace

float button_width(std::string_view label, const ButtonOptions& o) {
  const float pad = o.height < 30 ? 8 : tokens::kSpaceUseInsideControlX;
  float w = text_width(style_of(o), label) + pad * 2;
  if (o.icon != 0) w += kIconSize + 8;
  if (o.icon_after != 0) w += kIconSize + 4;
  return std::ceil(w);
}

bool button(float x, float y, std::string_view label, const ButtonOptions& o, float width) {
  const float w = width > 0 ? width : button_width(label, o);
  const Rect r = box(x, y, w, o.height);
  const ImGuiID id = id_of(label);
  const Hit h = hit(id, r, {.disabled = o.disabled || o.busy});
  if (!in_view(r)) return false;
  Look look = look_of(o, h);
  const float radius = tokens::kRadiusUseButton;
  if (o.kind == ButtonKind::kSecondary && !ui().dark && !o.disabled) {
    fill(Rect(r.Min.x, r.Min.y + 1, r.Max.x, r.Max.y + 1), 0x0C1C1715u, radius);
  }
  if (look.fill != 0) fill(r, look.fill, radius);
  if (look.edge != 0) outline(r, look.edge, radius);
  if (h.focused) focus_ring(r, radius);
  const float inner = text_width(style_of(o), label) + (o.icon != 0 ? kIconSize + 8 : 0) +
                      (o.icon_after != 0 ? kIconSize + 4 : 0);
  float at = r.Min.x + (w - inner) / 2;
  if (o.busy) {
    spinner(r.Min.x + w / 2, r.Min.y + o.height / 2, 7, look.ink);
  } else {
    if (o.icon != 0) {
      const Color ink =
          o.kind == ButtonKind::kSecondary && !o.disabled ? col().text_secondary : look.ink;
      icon(at, r.Min.y + (o.height - kIconSize) / 2, kIconSize, ink, o.icon);
      at += kIconSize + 8;
    }
    at += text(at, r.Min.y, style_of(o), look.ink, label, o.height);
    if (o.icon_after != 0)
      icon(at + 4, r.Min.y + (o.height - kIconSize) / 2, kIconSize, look.ink, o.icon_after);
  }
  MirrorNode& n =
      ui().mirror.say(id, o.href.empty() ? Role::kButton : Role::kLink, label, place(r));
  n.disabled = o.disabled || o.busy;
  n.href = o.href;
  if (o.active) n.selected = 1;
  tooltip(h, o.tip);
  return h.pressed;
}

bool button_left_of(float& x, float y, std::string_view label, const ButtonOptions& o) {
  const float w = button_width(label, o);
  x -= w;
  const bool pressed = button(x, y, label, o, w);
  x -= tokens::kSpaceUseBetweenControls;
  return pressed;
}

Hit icon_button(float x, float y, uint32_t code, std::string_view label,
                const IconButtonOptions& o) {
  const Rect r = box(x, y, o.size, o.size);
  const ImGuiID id = id_of(label);
  const Hit h = hit(id, r, {.disabled = o.disabled});
  const auto& c = col();
  if (o.framed) {
    fill(r, h.hovered ? c.surface_hover : c.surface_control, tokens::kRadiusUseButton);
    outline(r, h.hovered ? c.border_strong : c.border_default, tokens::kRadiusUseButton);
  } else if ((h.hovered || o.active) && !o.disabled) {
    fill(r,
         h.held     ? c.surface_pressed
         : o.active ? c.surface_pressed
                    : c.surface_hover,
         tokens::kRadiusUseButton);
  }
  if (h.focused) focus_ring(r, tokens::kRadiusUseButton);
  const Color ink = o.disabled     ? c.text_disabled
                    : h.hovered    ? c.text_primary
                    : o.color != 0 ? o.color
                                   : c.text_secondary;
  icon_center(r, o.glyph, ink, code);
  MirrorNode& n = ui().mirror.say(id, Role::kButton, label, place(r));
  n.disabled = o.disabled;
  tooltip(h, label);
  return h;
}

bool link(float x, float y, const TextStyle& style, std::string_view words, std::string_view href,
          float line) {
  const float w = text_width(style, words);
  const Rect r = box(x, y, w, line > 0 ? line : style.line);
  const ImGuiID id = ImHashData(&x, sizeof x, ImHashData(&y, sizeof y, id_of(words)));
  const Hit h = hit(id, r);
  if (!in_view(r)) return false;
  text(x, y, style, col().text_link, words, line);
  if (h.hovered || h.focused) {
    const float base = std::round(r.Min.y + r.GetHeight() / 2 + style.size * 0.52f);
    hline(r.Min.x, r.Max.x, base, col().text_link);
  }
  if (h.focused) focus_ring(Rect(r.Min.x - 2, r.Min.y, r.Max.x + 2, r.Max.y), 4);
  ui().mirror.say(id, href.empty() ? Role::kButton : Role::kLink, words, place(r)).href = href;
  if (h.pressed && h.middle && !href.empty()) {
    ui().backend.open_tab(std::string(href));
    return false;
  }
  return h.pressed;
}

bool input(const Rect& r, std::string_view label, std::string& value, const InputOptions& o,
           bool* submitted) {
  const auto& c = col();
  const ImGuiID id = id_of(label);
  const std::string name = "##" + std::string(label);
  // The item's own id: its name below ours.
  const bool active = ImGui::GetActiveID() == ImHashStr(name.c_str(), 0, id);
  const float left = o.icon != 0 ? 34.0f : 10.0f;
  fill(r, o.disabled ? c.surface_hover : c.surface_control, tokens::kRadiusUseInput);
  const Color edge = !o.error.empty() ? c.state_error_solid
                     : active         ? c.focus_ring
                                      : c.border_control;
  outline(r, edge, tokens::kRadiusUseInput, active ? 2 : 1);
  if (o.icon != 0)
    icon(r.Min.x + 11, r.Min.y + (r.GetHeight() - 16) / 2, 16, c.text_secondary, o.icon);

  const TextStyle& style = o.mono ? tokens::kTypeCode : tokens::kTypeBody;
  const float size =
      std::round(style.size * tokens::kFontShapes[static_cast<int>(style.font)].height);
  ImGui::PushFont(ui().font[static_cast<int>(style.font)], size);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(2, (r.GetHeight() - size) / 2));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0u);
  ImGui::PushStyleColor(ImGuiCol_Text, c.text_primary);
  float right = 8;
  if (!o.key.empty()) right += key_cap_width(o.key) + 4;
  if (!o.note.empty()) right += text_width(tokens::kTypeSmall, o.note) + 8;
  if (o.good || !o.error.empty()) right += 22;
  ImGui::SetCursorScreenPos(ImVec2(r.Min.x + left - 2, r.Min.y));
  ImGui::SetNextItemWidth(r.GetWidth() - left - right);
  if (o.focus) ImGui::SetKeyboardFocusHere();
  ImGui::PushOverrideID(id);
  ImGuiInputTextFlags flags = ImGuiInputTextFlags_EscapeClearsAll;
  if (o.secret) flags |= ImGuiInputTextFlags_Password;
  if (o.disabled) flags |= ImGuiInputTextFlags_ReadOnly;
  const bool changed = ImGui::InputText(name.c_str(), &value, flags);
  const ImGuiID item = ImGui::GetItemID();
  const bool now_active = ImGui::IsItemActive();
  if (ImGui::IsItemHovered()) ui().cursor = Cursor::kText;
  if (submitted != nullptr && ImGui::IsItemDeactivated() && ImGui::IsKeyPressed(ImGuiKey_Enter))
    *submitted = true;
  ImGui::PopID();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(2);
  ImGui::PopFont();
  if (now_active && !active) outline(r, c.focus_ring, tokens::kRadiusUseInput, 2);

  if (value.empty()) {
    text_fit(r.Min.x + left, r.Min.y, style, c.text_tertiary, o.hint, r.GetWidth() - left - right,
             r.GetHeight());
    if (!o.key.empty() && !now_active) {
      key_cap(r.Max.x - 10 - key_cap_width(o.key), r.Min.y + (r.GetHeight() - 20) / 2, o.key);
    }
  }
  float x = r.Max.x - 10;
  if (!o.error.empty()) {
    icon(x - 16, r.Min.y + (r.GetHeight() - 16) / 2, 16, c.state_error_solid,
         tokens::kIconCloseCircle);
  } else if (o.good) {
    icon(x - 16, r.Min.y + (r.GetHeight() - 16) / 2, 16, c.state_success_solid, tokens::kIconCheck);
  }
  if (!o.note.empty())
    text_right(x, r.Min.y, tokens::kTypeSmall, c.text_tertiary, o.note, r.GetHeight());
  MirrorNode& n = ui().mirror.say(item, Role::kTextbox, label, place(r));
  n.value = o.secret ? std::string() : value;
  n.focused = now_active;
  // The keyboard comes a frame after it was asked for.
  if (o.focus || active != now_active) ui().after(1);
  return changed;
}

bool text_area(const Rect& r, std::string_view label, std::string& value, std::string_view hint) {
  const auto& c = col();
  fill(r, c.surface_sunken, tokens::kRadiusUseInput);
  ImGui::PushFont(ui().font[FontFiles::kMono400], 16);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12, 10));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0u);
  ImGui::PushStyleColor(ImGuiCol_ChildBg, 0u);
  ImGui::PushStyleColor(ImGuiCol_Text, c.code_plain);
  ImGui::SetCursorScreenPos(r.Min);
  const std::string name = "##" + std::string(label);
  const bool changed = ImGui::InputTextMultiline(name.c_str(), &value, r.GetSize());
  const ImGuiID item = ImGui::GetItemID();
  const bool active = ImGui::IsItemActive();
  ImGui::PopStyleColor(3);
  ImGui::PopStyleVar(2);
  ImGui::PopFont();
  outline(r, active ? c.focus_ring : c.border_control, tokens::kRadiusUseInput, active ? 2 : 1);
  if (value.empty()) text(r.Min.x + 12, r.Min.y + 10, tokens::kTypeCode, c.text_tertiary, hint);
  MirrorNode& n = ui().mirror.say(item, Role::kTextbox, label, place(r));
  n.value = value;
  n.focused = active;
  return changed;
}

bool checkbox(float x, float y, std::string_view label, Check value, bool show_label,
              bool disabled) {
  const auto& c = col();
  const Rect mark = box(x, y, 16, 16);
  Rect area(x - 4, y - 4, x + 20, y + 20);
  if (show_label) area.Max.x = x + 24 + text_width(tokens::kTypeBody, label);
  const ImGuiID id = id_of(label) ^ 0xC4EC;
  const Hit h = hit(id, area, {.disabled = disabled});
  if (value == Check::kOff) {
    fill(mark, c.surface_control, tokens::kRadiusUseCheckbox);
    outline(mark, h.hovered ? c.text_secondary : c.border_control, tokens::kRadiusUseCheckbox,
            1.25f);
  } else {
    fill(mark, h.hovered ? c.accent_fillHover : c.accent_fill, tokens::kRadiusUseCheckbox);
    icon_center(mark, 12, c.text_onAccent,
                value == Check::kOn ? tokens::kIconCheckBold : tokens::kIconMinus);
  }
  if (h.focused) focus_ring(mark, tokens::kRadiusUseCheckbox);
  if (show_label)
    text(x + 24, y - 2, tokens::kTypeBody, disabled ? c.text_disabled : c.text_primary, label, 20);
  MirrorNode& n = ui().mirror.say(id, Role::kCheckbox, label, place(area));
  n.checked = static_cast<int8_t>(value);
  n.disabled = disabled;
  return h.pressed;
}

bool switch_box(float x, float y, std::string_view label, bool value, bool show_label) {
  const auto& c = col();
  const Rect r = box(x, y, tokens::kSizeControlSwitchW, tokens::kSizeControlSwitchH);
  Rect area = r;
  if (show_label) area.Max.x = r.Max.x + 10 + text_width(tokens::kTypeBody, label);
  const ImGuiID id = id_of(label) ^ 0x517C;
  const Hit h = hit(id, area);
  fill(r, value ? (h.hovered ? c.accent_fillHover : c.accent_fill) : c.border_control, 9);
  canvas()->AddCircleFilled(ImVec2(value ? r.Max.x - 9 : r.Min.x + 9, r.Min.y + 9), 7, 0xFFFFFFFFu);
  if (h.focused) focus_ring(r, 9);
  if (show_label) text(r.Max.x + 10, y - 1, tokens::kTypeBody, c.text_primary, label, 20);
  ui().mirror.say(id, Role::kSwitch, label, place(area)).checked = value ? 1 : 0;
  return h.pressed;
}

bool radio_mark(float x, float y, bool on) {
  const auto& c = col();
  const ImVec2 m(x + 8, y + 8);
  if (on) {
    canvas()->AddCircleFilled(m, 8, c.accent_fill);
    canvas()->AddCircleFilled(m, 3, c.text_onAccent);
  } else {
    canvas()->AddCircleFilled(m, 8, c.surface_control);
    canvas()->AddCircle(m, 7.4f, c.border_control, 0, 1.25f);
  }
  return on;
}

int tabs(float x, float y, float height, const Tab* list, int count, int current,
         std::string_view name) {
  const auto& c = col();
  int pressed = -1;
  ui().mirror.open(id_of(name), Role::kTablist, name, ImVec4(x, y, x + 10, y + height));
  for (int i = 0; i < count; i++) {
    const Tab& t = list[i];
    const TextStyle& style = i == current ? tokens::kTypeBodyStrong : tokens::kTypeBody;
    const float w = text_width(tokens::kTypeBodyStrong, t.label);
    std::string number = t.count >= 0 ? std::to_string(t.count) : std::string();
    const float nw =
        number.empty() ? 0 : ImMax(18.0f, text_width(tokens::kTypeSmallStrong, number) + 12);
    const Rect r = box(x, y, w + (nw > 0 ? nw + 6 : 0), height);
    const ImGuiID id = id_of(t.label);
    const Hit h = hit(id, r);
    const bool on = i == current;
    text(x, y, style,
         on          ? c.text_primary
         : h.hovered ? c.text_primary
                     : c.text_secondary,
         t.label, height);
    if (nw > 0) {
      const Rect pill = box(x + w + 6, y + (height - 18) / 2, nw, 18);
      fill(pill, t.count_fill != 0 ? t.count_fill : c.state_neutral_subtle, 9);
      text_center(pill, tokens::kTypeSmallStrong,
                  t.count_color != 0 ? t.count_color : c.text_secondary, number);
    }
    if (on) fill(Rect(r.Min.x, r.Max.y - 2, r.Max.x, r.Max.y), c.accent_fill, 1);
    if (h.focused) focus_ring(Rect(r.Min.x - 4, r.Min.y + 6, r.Max.x + 4, r.Max.y - 6), 6, true);
    ui().mirror.say(id, Role::kTab, t.label, place(r)).selected = on ? 1 : 0;
    if (h.pressed) pressed = i;
    x = r.Max.x + 20;
  }
  ui().mirror.close();
  return pressed;
}

int segmented(float x, float y, const std::string_view* labels, int count, int current,
              float* width) {
  const auto& c = col();
  float w = 4;
  for (int i = 0; i < count; i++) w += text_width(tokens::kTypeBodyStrong, labels[i]) + 20;
  const Rect outer = box(x, y, w, 30);
  fill(outer, c.surface_pressed, 6);
  int pressed = -1;
  float at = x + 2;
  const std::string of = std::string(labels[0]) + " or " + std::string(labels[count - 1]);
  ui().mirror.open(id_of(of), Role::kTablist, of, place(outer));
  for (int i = 0; i < count; i++) {
    const Rect r = box(at, y + 2, text_width(tokens::kTypeBodyStrong, labels[i]) + 20, 26);
    const ImGuiID id = id_of(labels[i]) ^ 0x5E6;
    const Hit h = hit(id, r);
    const bool on = i == current;
    if (on) {
      fill(r, c.surface_panel, 5);
      outline(r, c.border_default, 5);
    }
    text_center(r, tokens::kTypeBodyStrong, on || h.hovered ? c.text_primary : c.text_secondary,
                labels[i]);
    if (h.focused) focus_ring(r, 5, true);
    ui().mirror.say(id, Role::kTab, labels[i], place(r)).selected = on ? 1 : 0;
    if (h.pressed) pressed = i;
    at = r.Max.x;
  }
  ui().mirror.close();
  if (width != nullptr) *width = w;
  return pressed;
}

float key_cap_width(std::string_view key) {
  return ImMax(18.0f, text_width(tokens::kTypeSmall, key) + 10);
}

void key_cap(float x, float y, std::string_view key, float height) {
  const Rect r = box(x, y, key_cap_width(key), height);
  fill(r, ui().dark ? col().surface_canvas : col().surface_canvas, tokens::kRadiusUseKey);
  outline(r, col().border_default, tokens::kRadiusUseKey);
  text_center(r, tokens::kTypeSmall, col().text_tertiary, key);
}

}  // namespace web
