// Overview: one cluster on one page: what needs attention, counts, capacity, nodes, events,
// components, conditions.
#include <algorithm>
#include <cmath>

#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/cluster_facts.h"

namespace web {
namespace {

constexpr float kGap = tokens::kSpaceUseBetweenCards;

class OverviewPage final : public Page {
 public:
  explicit OverviewPage(std::string id) : id_(std::move(id)) {}
  std::string title(App& app) override { return app.cluster_name(id_); }

 private:
  void draw_content(Frame& f) override;
  void head(const Rect& r, const Json& object);
  float attention(float x, float y, float w, const Json& object);
  float counts(float x, float y, float w);
  float capacity(float x, float y, float w);
  void capacity_card(const Rect& r, std::string_view title, std::string_view used,
                     std::string_view all, float fraction, const std::vector<float>& past);
  struct NodeColumns {
    float role, cpu, memory, pods, age;
    bool slim;  // numbers of CPU and memory only
  };
  void node_row(const std::string& id, const Json& n, const Rect& row, const NodeColumns& x,
                const ApiKind* kind);
  void event_row(const TableRow& row, const Rect& line, const int (&cell)[5]);
  void nodes(const Rect& r);
  void events(const Rect& r);
  void components(const Rect& r, const Json& object);
  void conditions(const Rect& r, const Json& object);
  void remember(const ClusterFacts& c);

  std::string id_;
  App* app_ = nullptr;
  ClusterFacts facts_;
  std::unique_ptr<TableList> events_;
  std::vector<float> past_[3];  // requested shares since the page was opened
  double past_at_ = -1e9;
};

void card_title(const Rect& r, std::string_view title, std::string_view note) {
  const float w =
      text(r.Min.x + 16, r.Min.y + 10, tokens::kTypeSection, col().text_primary, title, 24);
  say_heading(box(r.Min.x + 16, r.Min.y + 10, w, 24), title, 2);
  text(r.Min.x + 24 + w, r.Min.y + 10, tokens::kTypeBody, col().text_tertiary, note, 24);
}

void OverviewPage::head(const Rect& r, const Json& object) {
  const auto& c = col();
  float x = r.Min.x + 24;
  monogram(x, r.Min.y + 18, 36, facts_.name);
  x += 48;
  const std::string name =
      fit_middle(tokens::kTypeTitle, facts_.name, r.GetWidth() - (app_->phone() ? 190 : 420));
  const float w = text(x, r.Min.y + 12, tokens::kTypeTitle, c.text_primary, name);
  say_heading(box(x, r.Min.y + 12, w, 28), facts_.name, 1);
  const bool live = app_->live();
  state_badge(x + w + 8, r.Min.y + 12, 30, live ? facts_.state : "was " + facts_.state,
              live ? facts_.tone : Tone::kNeutral);
  ui().mirror.say(id_of("state"), Role::kStatus, facts_.state,
                  place(box(x + w + 8, r.Min.y + 12, 80, 30)));
  float px = x;
  const float end = r.Max.x - (app_->phone() ? 12.0f : 170.0f);
  auto part = [&](std::string_view words, bool mono) {
    if (words.empty() || words == "\xe2\x80\x93") return;
    const TextStyle& style = mono ? tokens::kTypeCode : tokens::kTypeSmall;
    if (px > x && px + 12 + text_width(style, words) > end) return;
    if (px > x) {
      text(px, r.Min.y + 42, tokens::kTypeSmall, c.text_tertiary, "\xc2\xb7", 18);
      px += 12;
    }
    px += text(px, r.Min.y + 42, style, c.text_secondary, words, 18) + 8;
  };
  part(facts_.type, false);
  part(facts_.version, true);
  part(facts_.place, false);
  const std::string endpoint(object.str("apiEndpoint"));
  const float before = px;
  part(endpoint, true);
  if (px > before) {
    if (icon_button(px - 4, r.Min.y + 39, tokens::kIconContentCopy, "Copy address",
                    {.size = 24, .glyph = 14})
            .pressed)
      app_->copy(endpoint, endpoint);
    px += 22;
  }
  part(age_text(facts_.created, ui().wall) + " old", false);
  if (app_->phone()) return;
  float right = r.Max.x - 24;
  if (button_left_of(right, r.Min.y + 20, "Kubeconfig",
                     {.icon_after = tokens::kIconChevronDown, .disabled = !live}))
    open_menu("Kubeconfig");
  if (begin_menu("Kubeconfig", ImVec2(r.Max.x - 24, r.Min.y + 56), 220, true)) {
    if (menu_item(tokens::kIconDownload, "Download kubeconfig")) app_->kubeconfig(id_, true);
    if (menu_item(tokens::kIconContentCopy, "Copy kubeconfig")) app_->kubeconfig(id_, false);
    end_menu();
  }
}

float OverviewPage::attention(float x, float y, float w, const Json& object) {
  std::vector<std::string> words;
  if (!facts_.reason.empty()) words.push_back(facts_.reason);
  if (const Json* conditions = object.find("conditions");
      conditions != nullptr && conditions->is_array()) {
    for (const Json& c : conditions->as_array()) {
      if (c.str("status") != "False" || c.str("message").empty() ||
          c.str("message") == facts_.reason)
        continue;
      words.push_back(std::string(c.str("type")) + ": " + std::string(c.str("message")));
    }
  }
  const bool waiting = facts_.waiting;
  if (words.empty()) return y;
  const Tone tone = facts_.tone == Tone::kSuccess ? Tone::kWarning : facts_.tone;
  const Rect r = box(x, y, w, 40);
  banner_box(r, tone);
  tone_mark(x + 14, y + 12, 16, tone);
  const std::string title = words.size() == 1
                                ? (waiting                         ? "Not connected yet"
                                   : facts_.tone == Tone::kSuccess ? "1 thing needs attention"
                                                                   : facts_.state)
                                : std::to_string(words.size()) + " things need attention";
  float tx = x + 40;
  tx += text(tx, y, tokens::kTypeBodyStrong, col().text_primary, title, 40) + 10;
  std::string all;
  for (const std::string& s : words) all += (all.empty() ? "" : ". ") + s;
  const float bw = waiting ? 130.0f : 0;
  text_fit(tx, y, tokens::kTypeBody, col().text_secondary, all, r.Max.x - tx - 16 - bw, 40);
  ui().mirror.say(id_of("attention"), Role::kAlert, title + ": " + all, place(r));
  if (waiting && button(r.Max.x - bw + 4, y + 8, "Show command",
                        {.height = 24, .style = &tokens::kTypeSmallStrong})) {
    app_->go("/dashboard/clusters/import?cluster=" + url_escape(id_));
  }
  return y + 56;
}

float OverviewPage::counts(float x, float y, float w) {
  ClusterView& view = app_->cluster(id_);
  static const std::pair<const char*, const char*> items[] = {{"", "nodes"},
                                                              {"", "namespaces"},
                                                              {"apps", "deployments"},
                                                              {"apps", "statefulsets"},
                                                              {"apps", "daemonsets"},
                                                              {"", "pods"},
                                                              {"", "services"},
                                                              {"networking.k8s.io", "ingresses"},
                                                              {"", "persistentvolumes"}};
  std::vector<const ApiKind*> kinds;
  for (const auto& [group, plural] : items) {
    const ApiKind* k = view.discovery.find(group, plural);
    if (k != nullptr && k->can_list &&
        kinds.size() < (app_->phone()    ? 9u
                        : app_->narrow() ? 6u
                                         : 9u))
      kinds.push_back(k);
  }
  if (kinds.empty()) return y;
  const size_t across = app_->phone() ? 3 : kinds.size();
  const float high = 66 * static_cast<float>((kinds.size() + across - 1) / across);
  card(box(x, y, w, high));
  const float cell = w / static_cast<float>(across);
  for (size_t i = 0; i < kinds.size(); i++) {
    const ApiKind& k = *kinds[i];
    const float cx = std::round(x + cell * static_cast<float>(i % across));
    const float cy = y + 66 * static_cast<float>(i / across);
    const Rect area = box(cx, cy, cell, 66);
    const std::string label = k.plural == "persistentvolumes" ? "Volumes" : kind_label(k);
    const Hit h = hit(id_of(k.plural), area);
    if (h.hovered)
      fill(Rect(area.Min.x + 1, area.Min.y + 1, area.Max.x - 1, area.Max.y - 1),
           col().surface_hover, 7);
    if (h.focused) focus_ring(area, 8, true);
    if (i % across > 0) vline(cx, cy + 1, cy + 65, col().border_default);
    if (i % across == 0 && i > 0) hline(x + 1, x + w - 1, cy, col().border_default);
    text_fit(cx + 14, cy + 9, tokens::kTypeSmall, col().text_secondary, label, cell - 20, 18);
    const auto it = view.counts.find(k.group + "/" + k.plural);
    const std::string n = it == view.counts.end() ? "\xe2\x80\x93" : count_text(it->second);
    text(cx + 14, cy + 28, tokens::kTypeTitle,
         it == view.counts.end() ? col().text_tertiary : col().text_primary, n);
    ui().mirror.say(h.id, Role::kLink, label + " " + n, place(area)).href = list_url(id_, k);
    if (h.pressed) app_->follow(list_url(id_, k), h);
  }
  return y + high + kGap;
}

void OverviewPage::remember(const ClusterFacts& c) {
  if (ui().now - past_at_ < 5000) return;
  past_at_ = ui().now;
  const float now[] = {c.cpu, c.memory, c.pods};
  for (int i = 0; i < 3; i++) {
    if (now[i] < 0) continue;
    past_[i].push_back(now[i]);
    if (past_[i].size() > 120) past_[i].erase(past_[i].begin());
  }
}

void OverviewPage::capacity_card(const Rect& r, std::string_view title, std::string_view used,
                                 std::string_view all, float fraction,
                                 const std::vector<float>& past) {
  const auto& c = col();
  card(r);
  float x = r.Min.x + 16;
  x += text(x, r.Min.y + 10, tokens::kTypeSection, c.text_primary, title, 24) + 8;
  if (fraction >= 0) {
    x += text(x, r.Min.y + 10, tokens::kTypeSection, c.text_primary, used, 24);
    text(x, r.Min.y + 10, tokens::kTypeBody, c.text_tertiary, " of " + std::string(all), 24);
  }
  const float cx = r.Min.x + 16 + 42, cy = r.Min.y + 84;
  ring(cx, cy, ImMax(0.0f, fraction), 0);
  text_center(box(cx - 40, cy - 12, 80, 24), tokens::kTypeHeading, c.text_primary,
              ClusterFacts::percent(fraction));
  MirrorNode& n = ui().mirror.say(id_of(title), Role::kMeter, title, place(r));
  n.value = std::to_string(static_cast<int>(std::lround(ImMax(0.0f, fraction) * 100)));
  const float lx = cx + 58;
  fill(box(lx, cy - 13, 10, 4), c.chart_used, 2);
  const float legend = text(lx + 16, cy - 21, tokens::kTypeSmall, c.text_secondary,
                            title == "Pods" ? "Used" : "Reserved", 20);
  fill(box(lx, cy + 9, 10, 4), c.surface_track, 2);
  text(lx + 16, cy + 1, tokens::kTypeSmall, c.text_secondary, "Free", 20);
  const Rect plot(lx + 16 + ImMax(52.0f, legend) + 12, r.Min.y + 48, r.Max.x - 56, r.Max.y - 20);
  if (plot.GetWidth() < 40) return;
  for (int i = 0; i < 3; i++) {
    const float y = plot.Min.y + plot.GetHeight() * static_cast<float>(i) / 2;
    hline(plot.Min.x, plot.Max.x, y, c.chart_grid);
    text_right(r.Max.x - 16, y - 8, tokens::kTypeSmall, c.chart_axis,
               i == 0   ? "100%"
               : i == 1 ? "50%"
                        : "0%");
  }
  if (past.size() >= 2) {
    sparkline(plot, past, 1);
  } else if (fraction >= 0) {
    sparkline(plot, {fraction, fraction}, 1);
  }
}

std::string bytes_text(double n) {
  char out[32];
  const double gi = n / 1073741824.0;
  if (gi >= 10)
    snprintf(out, sizeof out, "%.0f GiB", gi);
  else if (gi >= 1)
    snprintf(out, sizeof out, "%.1f GiB", gi);
  else
    snprintf(out, sizeof out, "%.0f MiB", n / 1048576.0);
  return out;
}

std::string cores_text(double n) {
  char out[32];
  snprintf(out, sizeof out, n >= 100 || n == std::floor(n) ? "%.0f" : "%.1f", n);
  return out;
}

float OverviewPage::capacity(float x, float y, float w) {
  const int across = w < 760 ? 1 : 3;
  const float cw =
      std::floor((w - kGap * static_cast<float>(across - 1)) / static_cast<float>(across));
  for (int i = 0; i < 3; i++) {
    const Rect r = box(x + (cw + kGap) * static_cast<float>(i % across),
                       y + 156 * static_cast<float>(i / across), cw, 140);
    if (i == 0)
      capacity_card(r, "CPU", cores_text(facts_.cpu_used), cores_text(facts_.cpu_all) + " cores",
                    facts_.cpu, past_[0]);
    if (i == 1)
      capacity_card(r, "Memory", bytes_text(facts_.memory_used), bytes_text(facts_.memory_all),
                    facts_.memory, past_[1]);
    if (i == 2)
      capacity_card(r, "Pods", count_text(facts_.pods_used), count_text(facts_.pods_all),
                    facts_.pods, past_[2]);
  }
  return y + 156 * (across == 1 ? 3 : 1);
}

void OverviewPage::node_row(const std::string& id, const Json& n, const Rect& row,
                            const NodeColumns& x, const ApiKind* kind) {
  const auto& c = col();
  const std::string name(n.str("nodeName", n.str("name")));
  const std::string href = kind != nullptr ? object_url(id_, *kind, "", name) : "";
  const Hit h = hit(id_of(id), row);
  if (!in_view(row)) return;
  if (h.hovered) fill(row, c.surface_hover);
  if (h.focused) focus_ring(row, 4, true);
  const ClusterFacts f = cluster_facts(n, ui().wall);
  tone_mark(row.Min.x + 15, row.Min.y + 12, 16, tone_of(n.str("state")));
  const std::string shown = fit_middle(tokens::kTypeBodyStrong, name, x.role - row.Min.x - 48);
  text(row.Min.x + 37, row.Min.y, tokens::kTypeBodyStrong, c.text_primary, shown, 40);
  std::string role;
  if (n.truth({"controlPlane"})) role = "control plane";
  if (n.truth({"etcd"}) && role.empty()) role = "etcd";
  if (n.truth({"worker"}) && role.empty()) role = "worker";
  if (!x.slim)
    text_fit(x.role, row.Min.y, tokens::kTypeBody, c.text_secondary,
             role.empty() ? "\xe2\x80\x93" : role, x.cpu - 84 - x.role, 40);
  if (f.cpu >= 0 && !x.slim) meter(x.cpu - 74, row.Min.y + 20, 32, f.cpu);
  text_right(x.cpu, row.Min.y, tokens::kTypeBody,
             f.cpu < 0 ? c.text_tertiary : meter_ink(f.cpu, c.text_primary),
             ClusterFacts::percent(f.cpu), 40);
  if (f.memory >= 0 && !x.slim) meter(x.memory - 74, row.Min.y + 20, 32, f.memory);
  text_right(x.memory, row.Min.y, tokens::kTypeBody,
             f.memory < 0 ? c.text_tertiary : meter_ink(f.memory, c.text_primary),
             ClusterFacts::percent(f.memory), 40);
  if (!x.slim) {
    text_right(x.pods, row.Min.y, tokens::kTypeBody, c.text_primary,
               f.pods_used < 0 ? "\xe2\x80\x93" : count_text(f.pods_used), 40);
    text_right(x.age, row.Min.y, tokens::kTypeBody, c.text_secondary,
               age_text(f.created, ui().wall), 40);
  }
  hline(row.Min.x, row.Max.x, row.Max.y - 1, c.border_subtle);
  ui().mirror.say(h.id, Role::kLink, name, place(row)).href = href;
  if (h.pressed && !href.empty()) app_->follow(href, h);
}

void OverviewPage::nodes(const Rect& r) {
  const auto& c = col();
  card(r);
  Collection& all = app_->v3.collection("node", "/v3/nodes?clusterId=" + url_escape(id_));
  int ready = 0;
  for (const auto& [id, n] : all.items) ready += tone_of(n.str("state")) == Tone::kSuccess ? 1 : 0;
  card_title(r, "Nodes", all.loaded ? std::to_string(ready) + " ready" : "");
  const ApiKind* kind = app_->cluster(id_).discovery.find("", "nodes");
  if (kind != nullptr && link(r.Max.x - 16 - text_width(tokens::kTypeSmallStrong, "All nodes"),
                              r.Min.y + 10, tokens::kTypeSmallStrong, "All nodes",
                              "/dashboard/c/" + url_escape(id_) + "/nodes", 24)) {
    app_->go("/dashboard/c/" + url_escape(id_) + "/nodes");
  }
  const float hy = r.Min.y + 44;
  NodeColumns x;
  x.age = r.Max.x - 16;
  x.pods = x.age - 56;
  x.memory = x.pods - 54;
  x.cpu = x.memory - 98;
  x.role = r.Min.x + 16 + (x.cpu - 80 - r.Min.x) * 0.56f;
  const bool roles = r.GetWidth() > 480;
  x.slim = r.GetWidth() < 440;
  if (x.slim) {
    x.memory = x.age;
    x.cpu = x.memory - 72;
  }
  if (!roles) x.role = x.cpu - (x.slim ? 36 : 80);  // names need the room
  hline(r.Min.x, r.Max.x, hy, c.border_default);
  const TextStyle& hs = tokens::kTypeSmallStrong;
  text(r.Min.x + 16, hy, hs, c.text_secondary, "Name", 32);
  if (roles) text(x.role, hy, hs, c.text_secondary, "Role", 32);
  text_right(x.cpu, hy, hs, c.text_secondary, "CPU", 32);
  text_right(x.memory, hy, hs, c.text_secondary, "Memory", 32);
  if (!x.slim) {
    text_right(x.pods, hy, hs, c.text_secondary, "Pods", 32);
    text_right(x.age, hy, hs, c.text_secondary, "Age", 32);
  }
  hline(r.Min.x, r.Max.x, hy + 31, c.border_default);
  const Rect body(r.Min.x + 1, hy + 32, r.Max.x - 1, r.Max.y - 1);
  if (!all.loaded) {
    if (!all.error.empty())
      text_wrap(r.Min.x + 16, body.Min.y + 12, tokens::kTypeBody, c.text_secondary, all.error,
                r.GetWidth() - 32);
    return;
  }
  if (all.items.empty()) {
    text(r.Min.x + 16, body.Min.y + 10, tokens::kTypeBody, c.text_tertiary, "No nodes are known");
    return;
  }
  if (begin_area("nodes", body)) {
    float y = body.Min.y - ImGui::GetScrollY();
    for (const auto& [id, n] : all.items) {
      const Rect row = box(body.Min.x, y, body.GetWidth(), 40);
      y += 40;
      node_row(id, n, row, x, kind);
    }
    end_area(y);
  } else {
    end_area();
  }
}

void OverviewPage::event_row(const TableRow& row, const Rect& line, const int (&cell)[5]) {
  const auto& c = col();
  auto of = [&](const TableRow&, int k) {
    return cell[k] < 0 ? std::string_view() : row.cell(static_cast<size_t>(cell[k]));
  };
  const bool warning = of(row, 0) == "Warning";
  if (warning)
    icon(line.Min.x + 14, line.Min.y + 10, 15, c.state_warning_solid, tokens::kIconAlert);
  else
    canvas()->AddCircleFilled(ImVec2(line.Min.x + 21, line.Min.y + 17), 2.5f, c.text_tertiary);
  const std::string age = age_text(row.created, ui().wall);
  const float aw = text_width(tokens::kTypeSmall, age);
  text_right(line.Max.x - 14, line.Min.y + 7, tokens::kTypeSmall, c.text_tertiary, age, 20);
  float right = line.Max.x - 14 - aw - 10;
  const std::string count(of(row, 4));
  if (!count.empty() && count != "1" && count != "0") {
    const std::string times = "\xc3\x97" + count;
    text_right(right, line.Min.y + 7, tokens::kTypeSmall, c.text_tertiary, times, 20);
    right -= text_width(tokens::kTypeSmall, times) + 10;
  }
  std::string_view object = of(row, 2);
  if (object.find('/') != object.npos) object = object.substr(object.find('/') + 1);
  text(line.Min.x + 37, line.Min.y + 7, tokens::kTypeBodyStrong, c.text_primary,
       fit_middle(tokens::kTypeBodyStrong, object, right - line.Min.x - 37), 20);
  const std::string words = std::string(of(row, 1)) + ": " + std::string(of(row, 3));
  text_fit(line.Min.x + 37, line.Min.y + 27, tokens::kTypeSmall, c.text_secondary, words,
           line.GetWidth() - 52, 18);
  say_text(line, std::string(object) + " " + words);
  hline(line.Min.x, line.Max.x, line.Max.y - 1, c.border_subtle);
  ui().after(age_tick(row.created, ui().wall));
}

void OverviewPage::events(const Rect& r) {
  const auto& c = col();
  card(r);
  card_title(r, "Events", "");
  const ApiKind* kind = app_->cluster(id_).discovery.find("", "events");
  hline(r.Min.x, r.Max.x, r.Min.y + 44, c.border_default);
  if (kind == nullptr) return;
  if (link(r.Max.x - 16 - text_width(tokens::kTypeSmallStrong, "All events"), r.Min.y + 10,
           tokens::kTypeSmallStrong, "All events", list_url(id_, *kind), 24)) {
    app_->go(list_url(id_, *kind));
  }
  if (events_ == nullptr)
    events_ = std::make_unique<TableList>(app_->api, app_->cluster(id_).base, *kind);
  events_->show({});
  events_->tick(ui().now);
  int cell[5] = {-1, -1, -1, -1, -1};
  static const char* const names[] = {"Type", "Reason", "Object", "Message", "Count"};
  for (size_t i = 0; i < events_->columns().size(); i++) {
    for (int k = 0; k < 5; k++) {
      if (events_->columns()[i].name == names[k]) cell[k] = static_cast<int>(i);
    }
  }
  std::vector<const TableRow*> rows;
  for (const TableRow& row : events_->rows()) rows.push_back(&row);
  const size_t shown = std::min<size_t>(rows.size(), 40);
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(),
                    [](const TableRow* a, const TableRow* b) { return a->created > b->created; });
  const Rect body(r.Min.x + 1, r.Min.y + 45, r.Max.x - 1, r.Max.y - 1);
  if (rows.empty()) {
    if (events_->state() == TableList::State::kFailed)
      text_wrap(r.Min.x + 16, body.Min.y + 12, tokens::kTypeBody, c.text_secondary,
                events_->error().message(), r.GetWidth() - 32);
    else if (events_->complete())
      text(r.Min.x + 16, body.Min.y + 12, tokens::kTypeBody, c.text_tertiary,
           "Nothing happened lately");
    return;
  }
  if (!begin_area("events", body)) return end_area();
  float y = body.Min.y - ImGui::GetScrollY();
  for (size_t i = 0; i < shown; i++) {
    const TableRow& row = *rows[i];
    const Rect line = box(body.Min.x, y, body.GetWidth(), 53);
    y += 53;
    if (!in_view(line)) continue;
    event_row(row, line, cell);
  }
  end_area(y);
}

void OverviewPage::components(const Rect& r, const Json& object) {
  card(r);
  card_title(r, "Components", "");
  float y = r.Min.y + 42;
  auto line = [&](Tone tone, std::string_view name, std::string_view note) {
    if (y + 28 > r.Max.y) return;
    tone_mark(r.Min.x + 16, y + 6, 15, tone);
    // A healthy part may keep its name and leave its note; a sick one says why.
    const bool whole =
        text_width(tokens::kTypeBody, name) + text_width(tokens::kTypeSmall, note) + 66 <=
        r.GetWidth();
    const bool noted = whole || tone != Tone::kSuccess;
    const float w = text_fit(r.Min.x + 38, y, tokens::kTypeBody, col().text_primary, name,
                             noted && !whole ? r.GetWidth() * 0.55f : r.GetWidth() - 54, 28);
    if (noted)
      text_right(r.Max.x - 16, y, tokens::kTypeSmall, col().text_tertiary,
                 fit_end(tokens::kTypeSmall, note, r.GetWidth() - 66 - w), 28);
    say_text(box(r.Min.x + 16, y, r.GetWidth() - 32, 28),
             std::string(name) + " " + std::string(note));
    y += 28;
  };
  const Json* list = object.find("componentStatuses");
  if (list != nullptr && list->is_array()) {
    for (const Json& s : list->as_array()) {
      const Json* conditions = s.find("conditions");
      const Json none;
      const Json& c = conditions != nullptr && conditions->is_array() && conditions->size() > 0
                          ? conditions->as_array()[0]
                          : none;
      const bool good = c.str("status") == "True";
      line(good ? Tone::kSuccess : Tone::kError, state_label(s.str("name")),
           good ? "healthy" : c.str("message"));
    }
  }
  const int64_t seen = parse_time(object.str("agentLastSeen"));
  if (seen > 0)
    line(ui().wall - seen < 20000 ? Tone::kSuccess : Tone::kError, "Paddock agent",
         age_text(seen, ui().wall) + " ago");
  if (y < r.Min.y + 50)
    text(r.Min.x + 16, y, tokens::kTypeBody, col().text_tertiary, "Not known yet");
}

void OverviewPage::conditions(const Rect& r, const Json& object) {
  card(r);
  card_title(r, "Conditions", "");
  const Json* list = object.find("conditions");
  const Rect body(r.Min.x + 1, r.Min.y + 40, r.Max.x - 1, r.Max.y - 1);
  if (list == nullptr || !list->is_array() || list->size() == 0) {
    text(r.Min.x + 16, body.Min.y + 2, tokens::kTypeBody, col().text_tertiary, "None yet");
    return;
  }
  if (!begin_area("conditions", body)) return end_area();
  float y = body.Min.y - ImGui::GetScrollY();
  for (const Json& c : list->as_array()) {
    const std::string_view status = c.str("status");
    const Tone tone = status == "True"    ? Tone::kSuccess
                      : status == "False" ? Tone::kWarning
                                          : Tone::kTransitioning;
    tone_mark(r.Min.x + 16, y + 6, 15, tone);
    const float w = text_fit(r.Min.x + 38, y, tokens::kTypeBody, col().text_primary, c.str("type"),
                             r.GetWidth() - 60, 28);
    const int64_t since =
        parse_time(c.str("lastTransitionTime").empty() ? c.str("lastUpdateTime")
                                                       : c.str("lastTransitionTime"));
    const std::string note = since > 0 ? age_text(since, ui().wall) : "";
    if (w + 60 + text_width(tokens::kTypeSmall, note) < r.GetWidth())
      text_right(r.Max.x - 16, y, tokens::kTypeSmall, col().text_tertiary, note, 28);
    const Rect line = box(r.Min.x + 16, y, r.GetWidth() - 32, 28);
    say_text(line, std::string(c.str("type")) + " " + std::string(status) + " " +
                       std::string(c.str("message")));
    if (ImGui::IsMouseHoveringRect(line.Min, line.Max) && ImGui::IsWindowHovered())
      tooltip({.hovered = true, .id = id_of(c.str("type"))}, c.str("message"));
    y += 28;
  }
  end_area(y + 4);
}

void OverviewPage::draw_content(Frame& f) {
  app_ = &f.app;
  Collection& all = app_->v3.collection("cluster", "/v3/clusters");
  const Json* object = all.find(id_);
  if (object == nullptr) {
    if (!all.loaded && all.error.empty())
      return skeleton_rows(Rect(f.area.Min.x, f.area.Min.y + 96, f.area.Max.x, f.area.Max.y), 40);
    if (!all.error.empty()) {
      if (error_page(f.area, "The cluster cannot be read", all.error) == 1) app_->v3.reload(all);
      return;
    }
    empty_page(f.area, tokens::kIconCompassOffOutline, "There is no such cluster",
               "It may have been removed. All others are in the list of clusters.");
    return;
  }
  facts_ = cluster_facts(*object, ui().wall);
  remember(facts_);
  const Rect& a = f.area;
  head(box(a.Min.x, a.Min.y, a.GetWidth(), 72), *object);
  const Rect body(a.Min.x, a.Min.y + 72, a.Max.x, a.Max.y - 1);
  if (!begin_area("overview", body)) return end_area();
  const float x = body.Min.x + 24, w = body.GetWidth() - 48;
  float y = body.Min.y + 1 - ImGui::GetScrollY();
  y = attention(x, y, w, *object);
  if (!facts_.waiting) {
    y = counts(x, y, w);
    y = capacity(x, y, w);
    const float rest = ImMax(300.0f, body.Max.y - 16 - y);
    if (w > 900) {
      const float cw = std::floor(w * 0.218f), ew = std::floor(w * 0.27f);
      const float nw = w - cw - ew - 2 * kGap;
      nodes(box(x, y, nw, rest));
      events(box(x + nw + kGap, y, ew, rest));
      const float ch = std::floor(rest * 0.48f);
      components(box(x + nw + ew + 2 * kGap, y, cw, ch), *object);
      conditions(box(x + nw + ew + 2 * kGap, y + ch + kGap, cw, rest - ch - kGap), *object);
      y += rest;
    } else {
      nodes(box(x, y, w, 300));
      events(box(x, y + 316, w, 300));
      components(box(x, y + 632, w, 200), *object);
      conditions(box(x, y + 848, w, 200), *object);
      y += 1048;
    }
  } else {
    conditions(box(x, y, ImMin(w, 520.0f), 220), *object);
    y += 220;
  }
  end_area(y + 16);
}

}  // namespace

void register_overview(PageSet& set) {
  set.add("c/*", [](const Route& r) { return std::make_unique<OverviewPage>(r.part(1)); });
}

}  // namespace web
