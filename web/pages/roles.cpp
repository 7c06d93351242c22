#include "web/pages/roles.h"

#include <algorithm>

#include "web/pages/list_page.h"
#include "web/widgets/forms.h"

namespace web {

Collection& global_roles(App& app) {
  return app.v3.collection("globalRole", "/v3/globalRoles");
}

Collection& roles_of(App& app, std::string_view context) {
  return context == "global" ? global_roles(app) : role_templates(app);
}

std::string global_role_name(App& app, std::string_view id) {
  const Json* role = global_roles(app).find(id);
  return std::string(role == nullptr ? id : role->str("name", id));
}

std::string role_page(std::string_view context, std::string_view id) {
  return std::string("/dashboard/roles/") + (context == "global" ? "global/" : "template/") +
         url_escape(id);
}

std::string role_create(std::string_view context, std::string_view from) {
  std::string out = "/dashboard/roles/create/" + std::string(context);
  if (!from.empty()) out += "?from=" + url_escape(from);
  return out;
}

std::vector<std::string> role_badges(const Json& role, std::string_view context) {
  std::vector<std::string> out;
  if (role.truth({"builtin"})) out.emplace_back("built in");
  if (role.truth({"locked"})) out.emplace_back("locked");
  if (role.truth({"hidden"})) out.emplace_back("hidden");
  if (role.truth({"external"})) out.emplace_back("rules in the cluster");
  if (role.truth({"newUserDefault"})) out.emplace_back("new users get it");
  if (role.truth({context == "project" ? "projectCreatorDefault" : "clusterCreatorDefault"}))
    out.emplace_back("creators get it");
  return out;
}

std::vector<std::string> strings_of(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& one : list->as_array()) {
    if (one.is_string()) out.push_back(one.as_string());
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view otherwise) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out.empty() ? std::string(otherwise) : out;
}

float tags_line(const std::vector<std::string>& words, float x, float y) {
  for (const std::string& w : words) {
    tag(x, y, w);
    const float width = tag_width(w);
    say_text(box(x, y, width, 22), w);
    x += width + 6;
  }
  return x;
}

namespace {

// "everything", "read", or the verbs.
std::string verbs_text(const std::vector<std::string>& verbs) {
  if (std::find(verbs.begin(), verbs.end(), "*") != verbs.end()) return "everything";
  std::vector<std::string> sorted = verbs;
  std::sort(sorted.begin(), sorted.end());
  if (sorted == std::vector<std::string>{"get", "list", "watch"}) return "read (get, list, watch)";
  return joined(verbs, "nothing");
}

std::string groups_text(const std::vector<std::string>& groups) {
  std::vector<std::string> shown;
  for (const std::string& g : groups) shown.push_back(g.empty() ? "core" : g == "*" ? "any" : g);
  return joined(shown, "\xe2\x80\x93");
}

std::string what_text(const Json& rule) {
  const auto urls = strings_of(rule.find("nonResourceURLs"));
  if (!urls.empty()) return joined(urls);
  std::vector<std::string> shown;
  for (const std::string& r : strings_of(rule.find("resources")))
    shown.push_back(r == "*" ? "everything" : r);
  std::string out = joined(shown, "\xe2\x80\x93");
  const auto names = strings_of(rule.find("resourceNames"));
  if (!names.empty()) out += " named " + joined(names);
  return out;
}

}  // namespace

RuleWords rule_words(const Json& rule) {
  const bool paths = !strings_of(rule.find("nonResourceURLs")).empty();
  return {verbs_text(strings_of(rule.find("verbs"))), what_text(rule),
          paths ? "paths" : groups_text(strings_of(rule.find("apiGroups")))};
}

float rules_table(const Json& role, float x, float y, float w) {
  const auto& c = col();
  const Json* rules = role.find("rules");
  if (rules == nullptr || !rules->is_array() || rules->size() == 0) {
    text(x, y, tokens::kTypeBody, c.text_secondary,
         role.truth({"external"}) ? "Its rules are those of the cluster's own role of this name."
                                  : "No rules of its own.",
         28);
    return y + 34;
  }
  const float at[] = {x, x + w * 0.28f, x + w * 0.72f};
  const float widths[] = {w * 0.28f - 16, w * 0.44f - 16, w * 0.28f};
  const char* heads[] = {"May", "On", "Of API group"};
  const ImGuiID table = id_of("rules of " + std::string(role.str("id")));
  ui().mirror.open(table, Role::kGrid, "Rules", ImVec4(x, y, x + w, y + 30));
  ui().mirror.open(table ^ 1, Role::kRow, "", ImVec4(x, y, x + w, y + 30));
  for (int i = 0; i < 3; i++) {
    text(at[i], y, tokens::kTypeSmallStrong, c.text_secondary, heads[i], 30);
    ui().mirror.say(table ^ static_cast<ImGuiID>(10 + i), Role::kColumnheader, heads[i],
                    place(box(at[i], y, widths[i], 30)));
  }
  ui().mirror.close();
  y += 30;
  hline(x, x + w, y, c.border_default);
  ImGuiID row = table;
  for (const Json& rule : rules->as_array()) {
    const RuleWords words = rule_words(rule);
    const std::string cells[] = {words.may, words.on, words.of};
    float h = 20;
    for (int i = 0; i < 3; i++)
      h = ImMax(h, wrap_height(tokens::kTypeBody, cells[i], widths[i], 20));
    const Rect r = box(x, y, w, h + 14);
    row += 64;
    ui().mirror.open(row, Role::kRow, cells[0] + " " + cells[1], place(r));
    for (int i = 0; i < 3; i++) {
      if (in_view(r))
        text_wrap(at[i], y + 7, tokens::kTypeBody, i == 1 ? c.text_primary : c.text_secondary,
                  cells[i], widths[i], 20);
      ui().mirror.say(row + 1 + static_cast<ImGuiID>(i), Role::kCell, cells[i],
                      place(box(at[i], y, widths[i], h)));
    }
    ui().mirror.close();
    y += h + 14;
    hline(x, x + w, y, c.border_subtle);
  }
  ui().mirror.close();
  return y + 12;
}

namespace {

class RolesPage final : public Page {
 public:
  RolesPage() {
    list_.columns = {{"name", "Name", 220, 1.4f},
                     {"what", "Allows", 240, 1.6f, false, false, 3},
                     {"badges", "", 150, 0.8f, false, false, 2},
                     {"age", "Age", 72, 0, true, true, 4}};
    list_.grid.sort = "name";
    list_.opened = [this](const std::string& id) { app_->go(role_page(context_, id)); };
    list_.menu = [this](const std::string& id) { menu(id); };
  }
  std::string title(App&) override { return "Roles"; }

 private:
  SimpleRow row_of(const std::string& id, const Json& role) {
    SimpleRow row;
    row.key = id;
    row.name = role.str("name", id);
    const Json* rules = role.find("rules");
    const size_t n = rules != nullptr ? rules->size() : 0;
    std::vector<std::string> inherited;
    for (const std::string& one : strings_of(role.find("roleTemplateIds")))
      inherited.push_back(role_name(*app_, one));
    std::string what = n > 0 ? plural(static_cast<int64_t>(n), "rule") : "";
    if (!inherited.empty())
      what += (what.empty() ? "What " : " and what ") + names_text(inherited) + " allows";
    if (all_of(rules) || (role.truth({"administrative"}) && role.truth({"external"})))
      what = "Everything";
    row.haystack = row.name + " " + id + " " + what + " " + std::string(role.str("description"));
    row.cells = {{SimpleCell::Kind::kName, row.name, Tone::kNeutral, 0,
                  std::string(role.str("description"))},
                 {SimpleCell::Kind::kText, what.empty() ? "\xe2\x80\x93" : what},
                 {SimpleCell::Kind::kTag, joined(role_badges(role, context_))},
                 {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(role.str("created"))}};
    row.cells[0].href = role_page(context_, id);
    return row;
  }
  static bool all_of(const Json* rules) {
    if (rules == nullptr || !rules->is_array()) return false;
    for (const Json& r : rules->as_array()) {
      const auto verbs = strings_of(r.find("verbs")), what = strings_of(r.find("resources")),
                 groups = strings_of(r.find("apiGroups"));
      if (verbs == std::vector<std::string>{"*"} && what == verbs && groups == verbs) return true;
    }
    return false;
  }

  void put(const std::string& id, Json change, std::string_view done) {
    Collection& all = roles_of(*app_, context_);
    app_->api.send("PUT", all.path + "/" + url_escape(id), change,
                   alive_.guard([this, &all, done = std::string(done)](Result<Json> answer) {
                     if (!answer)
                       app_->toast(Tone::kError, "Not changed", answer.error().message());
                     else
                       app_->toast(Tone::kSuccess, done, std::string(answer->str("name")));
                     app_->v3.reload(all);
                   }));
  }

  void menu(const std::string& id) {
    const Json* role = roles_of(*app_, context_).find(id);
    if (role == nullptr) return;
    std::string_view why;
    const bool may = app_->may_change(&why);
    const bool builtin = role->truth({"builtin"});
    const std::string_view kept = "Built-in roles stay as they are";
    if (menu_item(tokens::kIconShieldAccountOutline, "Open")) app_->go(role_page(context_, id));
    if (menu_item(tokens::kIconPencilOutline, "Edit",
                  {.disabled = !may || builtin, .tip = builtin ? kept : why}))
      app_->go(role_page(context_, id) + "/edit");
    if (menu_item(tokens::kIconContentCopy, "Make a copy", {.disabled = !may, .tip = why}))
      app_->go(role_create(context_, id));
    if (context_ == "global") {
      const bool on = role->truth({"newUserDefault"});
      if (menu_item(tokens::kIconStarOutline, on ? "No longer for new users" : "Give to new users",
                    {.disabled = !may, .tip = why}))
        put(id, Json::object({{"newUserDefault", !on}}),
            on ? "New users do not get it" : "New users get it");
    } else {
      const bool locked = role->truth({"locked"});
      if (menu_item(tokens::kIconLockOutline, locked ? "Unlock" : "Lock",
                    {.disabled = !may, .tip = locked ? why : "Nobody can be given a locked role"}))
        put(id, Json::object({{"locked", !locked}}), locked ? "Unlocked" : "Locked");
    }
    menu_gap();
    if (menu_item(tokens::kIconDeleteOutline, "Delete",
                  {.danger = true, .disabled = !may || builtin, .tip = builtin ? kept : why}))
      delete_.ask("role",
                  {{std::string(role->str("name", id)),
                    roles_of(*app_, context_).path + "/" + url_escape(id)}},
                  {.words = "A role that somebody has, or that another inherits, is not deleted: "
                            "the answer says where it is used."});
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    static constexpr std::string_view kTabs[] = {"", "cluster", "project"};
    static constexpr std::string_view kContexts[] = {"global", "cluster", "project"};
    int tab = 0;
    for (int i = 0; i < 3; i++) {
      if (f.route.tab == kTabs[i]) tab = i;
    }
    context_ = kContexts[tab];
    if (page_head(f, {.title = "Roles",
                      .action = "Create role",
                      .filter = &filter_,
                      .action_href = role_create(context_)}))
      app_->go(role_create(context_));
    Collection& all = roles_of(*app_, context_);
    int counts[3] = {static_cast<int>(global_roles(*app_).items.size()), 0, 0};
    for (const auto& [id, role] : role_templates(*app_).items)
      counts[role.str("context") == "project" ? 2 : 1]++;
    const Tab list[] = {{"Global", counts[0]}, {"Cluster", counts[1]}, {"Project", counts[2]}};
    const float y = a.Min.y + 64;
    if (const int t = tabs(a.Min.x + (app_->phone() ? 16 : 24), y, 40, list, 3, tab, "Roles of");
        t >= 0) {
      Route to = f.route;
      to.tab = kTabs[t];
      app_->go(to.url());
    }
    hline(a.Min.x, a.Max.x, y + 39, col().border_default);
    const Rect body(a.Min.x, y + 40, a.Max.x, a.Max.y);
    if (!all.loaded) {
      if (all.error.empty())
        skeleton_rows(body, 40);
      else if (error_page(body, "Roles cannot be listed", all.error) == 1)
        app_->v3.reload(all);
    } else {
      const std::string now = context_ + std::to_string(all.version) + "," +
                              std::to_string(role_templates(*app_).version);
      if (now != seen_) {
        seen_ = now;
        std::vector<SimpleRow> rows;
        for (const auto& [id, role] : all.items) {
          if (context_ == "global" || role.str("context") == context_)
            rows.push_back(row_of(id, role));
        }
        list_.set(std::move(rows));
      }
      list_.draw(body, filter_, {.select = false, .keys = app_->page_has_keys(), .label = "Roles"});
    }
    delete_.draw(*app_);
  }

  App* app_ = nullptr;
  std::string context_, filter_, seen_;
  SimpleList list_;
  DeleteDialog delete_;
  Lifetime alive_;
};

}  // namespace

void register_roles(PageSet& set) {
  set.add("roles", [](const Route&) { return std::make_unique<RolesPage>(); });
}

}  // namespace web
