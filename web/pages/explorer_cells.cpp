// What the cells of an ExplorerPage show.
#include <cstdlib>

#include "web/pages/explorer.h"

namespace web {

bool is_word(std::string_view name, std::initializer_list<std::string_view> words) {
  for (const std::string_view w : words) {
    if (name == w) return true;
  }
  return false;
}

std::string_view ExplorerPage::state_of(const TableRow& row) const {
  if (row.deleting != 0) return "Terminating";
  if (state_cell_ >= 0) return row.cell(static_cast<size_t>(state_cell_));
  if (ready_cell_ < 0) return {};
  const std::string_view ready = row.cell(static_cast<size_t>(ready_cell_));
  const size_t slash = ready.find('/');
  if (slash == ready.npos)
    return ready == "True" ? "Ready" : ready == "False" ? "Not ready" : ready;
  const std::string_view have = ready.substr(0, slash), want = ready.substr(slash + 1);
  if (have == want) return want == "0" ? "Inactive" : "Ready";
  return have == "0" ? "Not ready" : "Partly ready";
}

Tone ExplorerPage::tone_of_row(const TableRow& row) const {
  return tone_of(state_of(row));
}

std::string ExplorerPage::use_words(const TableRow& row, int cell) const {
  const Use* use = usage_.of(row.ns(), row.name());
  if (cell == kCpuColumn) return cpu_text(use == nullptr ? -1 : use->cpu);
  return memory_text(use == nullptr ? -1 : use->memory);
}

std::string ExplorerPage::cell_words(int row, int column) {
  const TableRow& r = at(row);
  const int cell = columns_[static_cast<size_t>(column)].cell;
  if (cell == kStateColumn) return std::string(state_of(r));
  if (cell == kNamespaceColumn) return std::string(r.ns());
  if (cell == kAgeColumn) return age_text(r.created, ui().wall);
  if (cell == kCpuColumn || cell == kMemoryColumn) return use_words(r, cell);
  return std::string(r.cell(static_cast<size_t>(cell)));
}

void ExplorerPage::draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook&) {
  const auto& k = col();
  const TableRow& t = at(row);
  const Shown& s = columns_[static_cast<size_t>(column)];
  const float h = r.GetHeight(), room = r.GetWidth() - 12;
  if (s.cell == kStateColumn) {
    const std::string_view state = state_of(t);
    if (!app_->live() && app_->v3.ever_live()) {
      icon(r.Min.x + 7, r.Min.y + (h - 14) / 2, 14, k.state_neutral_solid,
           tokens::kIconCloudQuestionOutline);
      text_fit(r.Min.x + 27, r.Min.y, tokens::kTypeBody, k.text_secondary,
               "was " + std::string(state), room - 27, h);
    } else {
      state_badge(r.Min.x, r.Min.y, h, state, tone_of(state), false, room);
    }
    return;
  }
  if (s.cell == kAgeColumn) {
    text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody, k.text_secondary,
               age_text(t.created, ui().wall), h);
    ui().after(age_tick(t.created, ui().wall));
    return;
  }
  if (s.cell == kCpuColumn || s.cell == kMemoryColumn) {
    const std::string words = use_words(t, s.cell);
    text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody,
               words == "\xe2\x80\x93" ? k.text_tertiary : k.text_primary, words, h);
    return;
  }
  if (s.cell == kNamespaceColumn) {
    text_fit(r.Min.x, r.Min.y, tokens::kTypeBody, k.text_secondary, t.ns(), room, h);
    return;
  }
  if (s.grid.id == "name") {
    const std::string shown = fit_middle(tokens::kTypeBodyStrong, t.name(), room);
    const float w = text(r.Min.x, r.Min.y, tokens::kTypeBodyStrong, k.text_primary, shown, h);
    const Rect zone_r = box(r.Min.x, r.Min.y + 4, w, h - 8);
    if (ImGui::IsMouseHoveringRect(zone_r.Min, zone_r.Max)) {
      hline(r.Min.x, r.Min.x + w, r.Min.y + h / 2 + 8, k.text_primary);
      if (shown.size() != t.name().size())
        tooltip({.hovered = true, .id = ImGui::GetItemID()}, t.name());
    }
    grid.zone(
        zone_r, Role::kLink, t.name(), [this, row] { open(row, Hit()); }, href(row));
    return;
  }
  draw_plain(t, s, r);
}

void ExplorerPage::draw_plain(const TableRow& t, const Shown& s, const Rect& r) {
  const auto& k = col();
  const float h = r.GetHeight(), room = r.GetWidth() - 12;
  std::string_view words = t.cell(static_cast<size_t>(s.cell));
  if (words.empty() || words == "<none>" || words == "<unset>") words = "\xe2\x80\x93";
  const std::string& n = s.grid.title;
  Color ink = words == "\xe2\x80\x93" ? k.text_tertiary : k.text_secondary;
  if (s.grid.right) {
    const TextStyle* style = &tokens::kTypeBody;
    ink = k.text_primary;
    if (n == "Ready") {
      const Tone tone = tone_of_row(t);
      const size_t slash = words.find('/');
      if (slash != words.npos && words.substr(0, slash) != words.substr(slash + 1) &&
          tone != Tone::kNeutral) {
        ink = tone_text(tone == Tone::kSuccess ? Tone::kWarning : tone);
        style = &tokens::kTypeBodyStrong;
      }
    } else if (n == "Restarts") {
      words = words.substr(0, words.find(' '));
      const int restarts = std::atoi(std::string(words).c_str());
      ink = restarts == 0 ? k.text_tertiary : restarts >= 10 ? k.state_error_text : k.text_primary;
      if (restarts >= 10) style = &tokens::kTypeBodyStrong;
    }
    text_right(r.Max.x - 12, r.Min.y, *style, ink, fit_end(*style, words, room), h);
    return;
  }
  const bool mono = is_word(n, {"IP", "Version", "Internal-IP", "External-IP", "Cluster-IP",
                                "Images", "Image", "Hosts", "Port(s)", "Address"});
  if (n == "Type" && plural_ == "events") {
    const bool warning = words == "Warning";
    if (warning)
      icon(r.Min.x, r.Min.y + (h - 14) / 2, 14, k.state_warning_solid, tokens::kIconAlert);
    text_fit(r.Min.x + 20, r.Min.y, tokens::kTypeBody, warning ? k.state_warning_text : ink, words,
             room - 20, h);
    return;
  }
  text_fit(r.Min.x, r.Min.y, mono ? tokens::kTypeCode : tokens::kTypeBody, ink, words, room, h);
}

void ExplorerPage::draw_second(Grid& grid, int row, const Rect& r) {
  const std::string_view reason = reasons_.of(at(row).uid());
  const char* action = "Show log";
  const float aw = text_width(tokens::kTypeSmallStrong, action);
  const float w = text_fit(r.Min.x, r.Min.y, tokens::kTypeSmall, col().text_secondary, reason,
                           r.GetWidth() - aw - 12, r.GetHeight());
  say_text(box(r.Min.x, r.Min.y, w, r.GetHeight()), reason);
  text(r.Min.x + w + 8, r.Min.y, tokens::kTypeSmallStrong, col().text_link, action, r.GetHeight());
  grid.zone(box(r.Min.x + w + 8, r.Min.y, aw, r.GetHeight()), Role::kLink,
            "Show log of " + name(row), [this, row] { open_pod_log(*app_, pod(row)); });
}

}  // namespace web
