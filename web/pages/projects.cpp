#include "web/pages/projects.h"

#include <algorithm>

#include "web/pages/list_page.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

enum Column { kState, kName, kQuota, kAge };
const std::vector<GridColumn>& columns() {
  static const std::vector<GridColumn> list = {{"state", "State", 130, 0},
                                               {"name", "Name", 180, 1.2f},
                                               {"quota", "Quota", 200, 1.6f, false, false, 3},
                                               {"age", "Age", 72, 0, true, true, 2}};
  return list;
}

std::string trouble_of(const Json& object, Tone tone) {
  if (tone == Tone::kSuccess || tone == Tone::kNeutral) return {};
  return std::string(object.str("transitioningMessage"));
}

}  // namespace

std::string project_note(const Json& p) {
  if (p.str({"labels", "authz.management.cattle.io/default-project"}) == "true") return "default";
  if (p.str({"labels", "authz.management.cattle.io/system-project"}) == "true") return "system";
  return {};
}

std::vector<std::string> namespaces_in(App& app, const std::string& cluster,
                                       std::string_view project) {
  std::vector<std::string> out;
  for (const auto& [id, ns] : namespaces_of(app, cluster).items) {
    if (ns.str("projectId") == project) out.emplace_back(ns.str("name", id));
  }
  return out;
}

void ask_project_removal(App& app, DeleteDialog& dialog, const Json& p,
                         std::function<void()> done) {
  const std::string id(p.str("id")), name(p.str("name", id));
  const auto inside = namespaces_in(app, std::string(p.str("clusterId")), id);
  const std::string words =
      (inside.empty() ? std::string("It has no namespaces. ")
                      : names_text(inside) + (inside.size() == 1 ? " stays" : " stay") +
                            " in the cluster with everything running there, but in no project: " +
                            (inside.size() == 1 ? "its" : "their") + " quota and defaults end. ") +
      "The project's members lose the rights it gave them.";
  dialog.ask("project", {{name, "/v3/projects/" + url_escape(id)}},
             {.type_name = !inside.empty(), .words = words, .done = std::move(done)});
}

ProjectsPage::Line ProjectsPage::project_line(const Json* p, std::string_view id) const {
  Line l;
  l.heading = true;
  l.key = "p/" + std::string(id);
  l.project = id;
  l.name = p == nullptr ? "Not in a project" : std::string(p->str("name", id));
  if (p == nullptr) return l;
  l.note = p->str("description");
  if (const std::string kind = project_note(*p); !kind.empty() && lower(l.name) != kind)
    l.note = l.note.empty() ? kind : kind + ", " + l.note;
  l.uses = quota_uses(*p);
  l.state = state_label(p->str("state", "active"));
  l.tone = tone_of(p->str("state", "active"));
  l.reason = trouble_of(*p, l.tone);
  l.created = parse_time(p->str("created"));
  return l;
}

ProjectsPage::Line ProjectsPage::namespace_line(const Json& ns) {
  Line l;
  l.name = ns.str("name", ns.str("id"));
  l.key = "n/" + l.name;
  l.project = ns.str("projectId");
  l.state = state_label(ns.str("state", "active"));
  l.tone = tone_of(l.state);
  l.reason = trouble_of(ns, l.tone);
  l.quota = quota_words(ns.at({"resourceQuota", "limit"}));
  l.note = ns.str("description");
  l.created = parse_time(ns.str("created"));
  return l;
}

void ProjectsPage::collect() {
  const Collection &projects = projects_of(*app_, cluster_),
                   &spaces = namespaces_of(*app_, cluster_);
  const std::string now = std::to_string(projects.version) + " " + std::to_string(spaces.version) +
                          " " + filter_ + "\n" + grid_.sort + (grid_.descending ? "-" : "");
  if (now == seen_) return;
  seen_ = now;
  version_++;
  const std::string low = lower(filter_);
  auto fits = [&](const std::string& s) { return lower(s).find(low) != std::string::npos; };
  std::map<std::string, std::vector<Line>> inside;
  for (const auto& [id, ns] : spaces.items) {
    Line l = namespace_line(ns);
    if (projects.find(l.project) == nullptr) l.project.clear();
    inside[l.project].push_back(std::move(l));
  }
  std::vector<Line> heads;
  for (const auto& [id, p] : projects.items) heads.push_back(project_line(&p, id));
  std::stable_sort(heads.begin(), heads.end(),
                   [](const Line& a, const Line& b) { return lower(a.name) < lower(b.name); });
  heads.push_back(project_line(nullptr, ""));
  lines_.clear();
  for (Line& head : heads) {
    std::vector<Line>& all = inside[head.project];
    head.inside = all.size();
    const bool whole = fits(head.name);
    if (!whole) std::erase_if(all, [&](const Line& l) { return !fits(l.name); });
    if (all.empty() && (!whole || head.project.empty())) continue;
    std::stable_sort(all.begin(), all.end(), [&](const Line& x, const Line& y) {
      const Line &a = grid_.descending ? y : x, &b = grid_.descending ? x : y;
      if (grid_.sort == "age") return a.created > b.created;
      if (grid_.sort == "state" && a.tone != b.tone) return rank_of(a.tone) < rank_of(b.tone);
      return a.name < b.name;
    });
    lines_.push_back(std::move(head));
    for (Line& l : all) lines_.push_back(std::move(l));
  }
  grid_.prune(*this);
}

std::string ProjectsPage::href(int row) {
  const Line& l = at(row);
  if (l.heading) return project_href(l.project);
  return namespace_href(cluster_, l.name);
}

void ProjectsPage::open(int row, const Hit& how) {
  const std::string to = href(row);
  if (!to.empty()) app_->follow(to, how);
}

std::string ProjectsPage::cell_words(int row, int column) {
  const Line& l = at(row);
  switch (column) {
    case kState:
      return l.state;
    case kName:
      return l.name;
    case kQuota:
      return l.quota;
    default:
      return age_text(l.created, ui().wall);
  }
}

void ProjectsPage::draw_heading(Grid& grid, int row, const Rect& r) {
  const auto& c = col();
  const Line& l = at(row);
  fill(Rect(r.Min.x - 24, r.Min.y, r.Max.x + 56, r.Max.y - 1), c.surface_sunken);
  const float h = r.GetHeight();
  float x = r.Min.x;
  icon(x, r.Min.y + (h - 16) / 2, 16, c.text_secondary,
       l.project.empty() ? tokens::kIconMinusCircleOutline : tokens::kIconPackageVariantClosed);
  x += 26;
  const float w =
      text_fit(x, r.Min.y, tokens::kTypeSection, c.text_primary, l.name, r.GetWidth() - 140, h);
  const Rect zone_r = box(x, r.Min.y + 8, w, h - 16);
  if (!l.project.empty()) {
    if (ImGui::IsMouseHoveringRect(zone_r.Min, zone_r.Max))
      hline(x, x + w, r.Min.y + h / 2 + 8, c.text_primary);
    grid.zone(
        zone_r, Role::kLink, l.name, [this, row] { open(row, Hit()); }, href(row));
  } else {
    say_text(zone_r, l.name);
  }
  x += w + 10;
  float right = r.Max.x;
  size_t shown = ImMin<size_t>(3, l.uses.size());
  while (shown > 0 && x + 260 + 170 * static_cast<float>(shown) > r.Max.x) shown--;
  for (size_t i = shown; i-- > 0;) {
    const QuotaUse& use = l.uses[i];
    const std::string label = quota_label(use.id);
    // "7 / 8 cores": the unit once.
    std::string used = use.used;
    if (const size_t unit = used.find(" core"); unit != used.npos) used.resize(unit);
    const std::string words = used + " / " + use.limit;
    const Rect m = box(right - 150, r.Min.y, 150, h);
    text_fit(m.Min.x, m.Min.y + 4, tokens::kTypeSmall, c.text_secondary, label,
             142 - text_width(tokens::kTypeSmallStrong, words), 16);
    text_right(m.Max.x, m.Min.y + 4, tokens::kTypeSmallStrong,
               meter_ink(use.fraction, c.text_primary), words, 16);
    meter(m.Min.x, m.Min.y + 29, 150, use.fraction);
    say_meter(id_of(l.key + use.id), l.name + ", " + label, m, use.fraction, words);
    right -= 170;
  }
  const std::string n =
      l.inside == 0 ? "no namespaces" : plural(static_cast<int64_t>(l.inside), "namespace");
  x += text_fit(x, r.Min.y, tokens::kTypeSmall, c.text_tertiary,
                n + (l.note.empty() ? "" : " \xc2\xb7 " + l.note), right - x - 8, h);
}

void ProjectsPage::draw_second(Grid&, int row, const Rect& r) {
  text_fit(r.Min.x, r.Min.y, tokens::kTypeSmall, col().text_secondary, at(row).reason, r.GetWidth(),
           r.GetHeight());
  say_text(r, at(row).reason);
}

void ProjectsPage::draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook&) {
  const auto& k = col();
  const Line& l = at(row);
  const float h = r.GetHeight(), room = r.GetWidth() - 12;
  switch (column) {
    case kState:
      state_badge(r.Min.x, r.Min.y, h, l.state, l.tone, false, room);
      return;
    case kName: {
      const std::string shown = fit_middle(tokens::kTypeBodyStrong, l.name, room);
      const float w = text(r.Min.x, r.Min.y, tokens::kTypeBodyStrong, k.text_primary, shown, h);
      const Rect z = box(r.Min.x, r.Min.y + 6, w, h - 12);
      if (ImGui::IsMouseHoveringRect(z.Min, z.Max))
        hline(r.Min.x, r.Min.x + w, r.Min.y + h / 2 + 8, k.text_primary);
      grid.zone(
          z, Role::kLink, l.name, [this, row] { open(row, Hit()); }, href(row));
      if (!l.note.empty())
        text_fit(r.Min.x + w + 10, r.Min.y, tokens::kTypeSmall, k.text_tertiary, l.note,
                 room - w - 10, h);
      return;
    }
    case kQuota:
      text_fit(r.Min.x, r.Min.y, tokens::kTypeSmall, k.text_secondary, l.quota, room, h);
      return;
    default:
      text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody, k.text_secondary, cell_words(row, kAge),
                 h);
      ui().after(age_tick(l.created, ui().wall));
  }
}

void ProjectsPage::project_menu(const Line& l) {
  std::string_view why;
  const bool may = app_->may_change(&why);
  const Json* p = projects_of(*app_, cluster_).find(l.project);
  if (menu_item(tokens::kIconPlus, "Create namespace here", {.disabled = !may, .tip = why}))
    create_.ask(cluster_, l.project);
  if (p == nullptr) return;
  const std::string to = project_href(l.project);
  if (menu_item(tokens::kIconViewDashboardOutline, "Open")) app_->go(to);
  if (menu_item(tokens::kIconAccountMultipleOutline, "Members")) app_->go(to + "#members");
  if (menu_item(tokens::kIconPencilOutline, "Edit",
                {.disabled = !may || !has_link(*p, "update"), .tip = why}))
    app_->go(to + "/edit");
  if (menu_item(tokens::kIconContentCopy, "Copy ID")) app_->copy(l.project, l.project);
  menu_gap();
  const bool stays = !has_link(*p, "remove");
  if (stays) why = "This project stays, or you may not delete it";
  if (menu_item(tokens::kIconDeleteOutline, "Delete",
                {.danger = true, .disabled = !may || stays, .tip = why}))
    ask_project_removal(*app_, delete_, *p);
}

void ProjectsPage::namespace_menu(const Line& l) {
  std::string_view why;
  const bool may = app_->may_change(&why);
  const Json* ns = namespaces_of(*app_, cluster_).find(l.name);
  if (menu_item(tokens::kIconViewDashboardOutline, "Open"))
    app_->go(namespace_href(cluster_, l.name));
  if (menu_item(tokens::kIconArrowRight, "Move to a project",
                {.disabled = !may || ns == nullptr || !has_action(*ns, "move"), .tip = why}))
    move_.ask(cluster_, {l.name});
  if (menu_item(tokens::kIconPencilOutline, "Limits",
                {.disabled = !may || ns == nullptr || !has_link(*ns, "update"), .tip = why}))
    limits_.ask(*app_, cluster_, l.name);
  if (menu_item(tokens::kIconCubeOutline, "Show its pods")) {
    app_->cluster(cluster_).namespaces = {l.name};
    app_->go("/dashboard/c/" + url_escape(cluster_) + "/r/core/pods?ns=" + url_escape(l.name));
  }
  if (menu_item(tokens::kIconContentCopy, "Copy name", {.key = "C"})) app_->copy(l.name, l.name);
  menu_gap();
  if (menu_item(tokens::kIconDeleteOutline, "Delete",
                {.danger = true, .disabled = !may, .tip = why}))
    ask_namespaces({l.name});
}

void ProjectsPage::row_menu(int row) {
  const Line& l = at(row);
  if (l.heading)
    project_menu(l);
  else
    namespace_menu(l);
}

void ProjectsPage::ask_namespaces(std::vector<std::string> names) {
  std::vector<DeleteTarget> targets;
  for (const std::string& n : names)
    targets.push_back({n, namespaces_path(cluster_) + "/" + url_escape(n)});
  delete_.ask(
      "namespace", std::move(targets),
      {.type_name = true,
       .words = "Everything in it is deleted too: workloads, configuration, volumes that "
                "are not kept. This cannot be undone.",
       .done = [app = app_, cluster = cluster_] { app->v3.reload(namespaces_of(*app, cluster)); }});
}

void ProjectsPage::toolbar(const Rect& r) {
  const float y = r.Min.y + 8;
  std::vector<std::string> names;
  for (const std::string& key : grid_.selected) {
    if (key.starts_with("n/")) names.push_back(key.substr(2));
  }
  std::string_view why;
  const bool may = app_->may_change(&why) && !names.empty();
  if (names.empty()) why = "Select namespaces first";
  float right = r.Max.x - 24;
  if (button_left_of(right, y, "Delete",
                     {.kind = ButtonKind::kDangerGhost,
                      .icon = tokens::kIconDeleteOutline,
                      .disabled = !may,
                      .tip = why}))
    ask_namespaces(names);
  if (button_left_of(right, y, "Move",
                     {.kind = ButtonKind::kGhost,
                      .icon = tokens::kIconArrowRight,
                      .disabled = !may,
                      .tip = why}))
    move_.ask(cluster_, names);
  if (!names.empty()) {
    const std::string n = std::to_string(names.size()) + " selected";
    text_right(right - 4, y, tokens::kTypeBodyStrong, col().accent_text, n, 32);
    say_text(box(right - 90, y, 86, 32), n);
  }
  std::string_view not_now;
  const bool can = app_->may_change(&not_now);
  if (button(r.Min.x + 24, y, "Create namespace",
             {.icon = tokens::kIconPlus, .disabled = !can, .tip = not_now}))
    create_.ask(cluster_, "");
}

void ProjectsPage::draw_body(const Rect& r, Collection& projects, Collection& spaces) {
  for (Collection* c : {&projects, &spaces}) {
    if (c->loaded) continue;
    if (c->error.empty())
      skeleton_rows(r, 40);
    else if (error_page(
                 r, c == &projects ? "Projects cannot be listed" : "Namespaces cannot be listed",
                 c->error) == 1)
      app_->v3.reload(*c);
    return;
  }
  collect();
  if (lines_.empty()) {
    empty_page(r, tokens::kIconFilterVariant, "Nothing fits", "Clear the filter.");
    return;
  }
  grid_.draw(r, *this, columns(),
             {.row_height = 40,
              .select = !app_->phone(),
              .keys = app_->page_has_keys(),
              .label = "Projects and namespaces"});
}

void ProjectsPage::draw_content(Frame& f) {
  app_ = &f.app;
  Collection &projects = projects_of(*app_, cluster_), &spaces = namespaces_of(*app_, cluster_);
  const std::string create = "/dashboard/c/" + url_escape(cluster_) + "/projects/create";
  std::string note;
  if (projects.loaded && spaces.loaded)
    note = plural(static_cast<int64_t>(projects.items.size()), "project") + ", " +
           plural(static_cast<int64_t>(spaces.items.size()), "namespace");
  if (page_head(f, {.title = "Projects and namespaces",
                    .note = note,
                    .action = "Create project",
                    .filter = &filter_,
                    .action_href = create}))
    app_->go(create);
  const Rect& a = f.area;
  float y = a.Min.y + 64;
  if (!app_->phone()) {
    toolbar(Rect(a.Min.x, y, a.Max.x, y + 48));
    hline(a.Min.x, a.Max.x, y + 47, col().border_default);
    y += 48;
  }
  draw_body(Rect(a.Min.x, y, a.Max.x, a.Max.y), projects, spaces);
  create_.draw(*app_);
  move_.draw(*app_);
  limits_.draw(*app_);
  delete_.draw(*app_);
}

void register_projects(PageSet& set) {
  set.add("c/*/projects", [](const Route& r) { return std::make_unique<ProjectsPage>(r); });
}

}  // namespace web
