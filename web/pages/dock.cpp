#include "web/pages/dock.h"

#include <algorithm>
#include <cmath>

#include "web/pages/app.h"
#include "web/widgets/controls.h"

namespace web {

void Dock::add(std::unique_ptr<DockTab> tab, int panel) {
  folded_ = false;
  for (Panel& p : panels_) {
    for (size_t i = 0; i < p.tabs.size(); i++) {
      if (p.tabs[i]->key() == tab->key()) {
        p.current = static_cast<int>(i);
        return;
      }
    }
  }
  Panel& p = panels_[panel];
  p.tabs.push_back(std::move(tab));
  p.current = static_cast<int>(p.tabs.size()) - 1;
  app_.touched();
}

bool Dock::takes_keys() const {
  if (folded_) return false;
  for (const Panel& p : panels_) {
    if (!p.tabs.empty() && p.tabs[static_cast<size_t>(p.current)]->wants_keys()) return true;
  }
  return false;
}

bool Dock::paste(std::string_view text) {
  if (folded_) return false;
  for (Panel& p : panels_) {
    if (!p.tabs.empty() && p.tabs[static_cast<size_t>(p.current)]->paste(text)) return true;
  }
  return false;
}

float Dock::height(float room) {
  if (empty()) return 0;
  if (folded_) return tokens::kShellDockTabs;
  return ImClamp(height_, tokens::kShellDockMin, ImMax(tokens::kShellDockMin, room - 200));
}

void Dock::draw_splitter(const Rect& gap, float room) {
  if (folded_) return;
  const Hit h = hit(id_of("Resize dock"), gap, {.nav = false, .cursor = Cursor::kResizeY});
  if (h.hovered || h.held)
    fill(Rect(gap.Min.x + 12, gap.Min.y + 3, gap.Max.x - 12, gap.Min.y + 5), col().accent_fill, 1);
  if (h.held)
    height_ = ImClamp(height_ - ImGui::GetIO().MouseDelta.y, tokens::kShellDockMin,
                      ImMax(tokens::kShellDockMin, room - 200));
  ui().mirror.say(h.id, Role::kNone, "", place(gap));
}

void Dock::draw(const Rect& area) {
  const bool both = !panels_[0].tabs.empty() && !panels_[1].tabs.empty();
  if (!both) {
    draw_panel(panels_[panels_[0].tabs.empty() ? 1 : 0], area, panels_[0].tabs.empty() ? 1 : 0);
    return;
  }
  const float mid = std::round(area.Min.x + area.GetWidth() * split_);
  const Rect gap(mid - 4, area.Min.y, mid + 4, area.Max.y);
  ground(gap, col().surface_canvas);
  draw_panel(panels_[0], Rect(area.Min.x, area.Min.y, mid - 4, area.Max.y), 0);
  draw_panel(panels_[1], Rect(mid + 4, area.Min.y, area.Max.x, area.Max.y), 1);
  const Hit h = hit(id_of("Resize panels"), gap, {.nav = false, .cursor = Cursor::kResizeX});
  if (h.hovered || h.held)
    fill(Rect(mid - 1, gap.Min.y + 12, mid + 1, gap.Max.y - 12), col().accent_fill, 1);
  if (h.held) split_ = ImClamp(split_ + ImGui::GetIO().MouseDelta.x / area.GetWidth(), 0.2f, 0.8f);
  ui().mirror.say(h.id, Role::kNone, "", place(gap));
}

void Dock::draw_panel(Panel& panel, const Rect& r, int index) {
  const auto& c = col();
  ImGui::PushID(index);
  ui().mirror.open(id_of("dock"), Role::kRegion, index == 0 ? "Logs" : "Shells", place(r));
  float x = r.Min.x + 6;
  int closing = -1;
  const float limit = r.Max.x - 80;
  for (size_t i = 0; i < panel.tabs.size(); i++) {
    DockTab& tab = *panel.tabs[i];
    ImGui::PushID(static_cast<int>(i));
    const std::string label = tab.label();
    const float w = ImMin(text_width(tokens::kTypeBodyStrong, label), 220.0f) + 62;
    if (x + w > limit && i != static_cast<size_t>(panel.current)) {
      ImGui::PopID();
      continue;
    }
    const Rect t = box(x, r.Min.y + 5, w, 28);
    const bool on = static_cast<int>(i) == panel.current;
    const Rect main(t.Min.x, t.Min.y, t.Max.x - 24, t.Max.y);
    ui().mirror.open(id_of("tablist"), Role::kTablist, "Tabs of the dock", place(main));
    const Hit h = hit(id_of("tab"), main);
    if (on)
      fill(t, c.surface_pressed, 6);
    else if (h.hovered)
      fill(t, c.surface_hover, 6);
    icon(t.Min.x + 9, t.Min.y + 6, 16, on ? c.text_primary : c.text_secondary, tab.icon_code());
    text_fit(t.Min.x + 33, t.Min.y, tokens::kTypeBodyStrong, on ? c.text_primary : c.text_secondary,
             label, w - 58, 28);
    ui().mirror.say(h.id, Role::kTab, label, place(main)).selected = on ? 1 : 0;
    ui().mirror.close();
    if (h.pressed) panel.current = static_cast<int>(i);
    const Hit x_hit = icon_button(t.Max.x - 25, t.Min.y + 3, tokens::kIconClose, "Close " + label,
                                  {.size = 22, .glyph = 14});
    if (x_hit.pressed || (h.pressed && h.middle)) closing = static_cast<int>(i);
    x = t.Max.x + 4;
    ImGui::PopID();
  }
  if (icon_button(r.Max.x - 36, r.Min.y + 4,
                  folded_ ? tokens::kIconChevronUp : tokens::kIconChevronDown,
                  folded_ ? "Show dock" : "Fold dock", {.size = 28})
          .pressed) {
    folded_ = !folded_;
  }
  if (!folded_ && !panel.tabs.empty()) {
    hline(r.Min.x, r.Max.x, r.Min.y + 37, c.border_default);
    ImGui::PushID(panel.tabs[static_cast<size_t>(panel.current)]->key().c_str());
    panel.tabs[static_cast<size_t>(panel.current)]->draw(
        app_, Rect(r.Min.x + 1, r.Min.y + 38, r.Max.x - 1, r.Max.y - 1));
    ImGui::PopID();
  }
  round_corners(r, tokens::kShellPanelRadius, c.surface_canvas, c.border_default);
  ui().mirror.close();
  ImGui::PopID();
  if (closing >= 0) {
    panel.tabs.erase(panel.tabs.begin() + closing);
    panel.current = ImClamp(panel.current, 0, ImMax(0, static_cast<int>(panel.tabs.size()) - 1));
    app_.touched();
  }
}

}  // namespace web
