#include "web/pages/people.h"

#include "web/widgets/forms.h"

namespace web {
namespace {
constexpr double kRest = 250;  // ms after the last key
constexpr size_t kFound = 4;   // rows below the field

std::string provider_of(std::string_view principal) {
  const size_t at = principal.find("://");
  std::string out = at == principal.npos ? std::string() : std::string(principal.substr(0, at));
  if (const size_t kind = out.find('_'); kind != out.npos) out.resize(kind);
  return out;
}

std::string short_principal(std::string_view principal) {
  const size_t at = principal.find("://");
  return std::string(at == principal.npos ? principal : principal.substr(at + 3));
}

}  // namespace

// What the place it comes from calls it; its id until that is known.
static std::string principal_name(App& app, const std::string& principal) {
  const auto it = app.principal_names.find(principal);
  if (it == app.principal_names.end() && !principal.empty()) {
    app.principal_names[principal];
    app.api.get("/v3/principals/" + url_escape(principal), [&app, principal](Result<Json> answer) {
      if (!answer) return;
      app.principal_names[principal] = answer->str("name");
      app.principals_version++;
      app.touched();
    });
  }
  return it == app.principal_names.end() || it->second.empty() ? short_principal(principal)
                                                               : it->second;
}

Collection& all_users(App& app) {
  return app.v3.collection("user", "/v3/users");
}

Person person_of_user(App& app, std::string_view id) {
  Person out;
  out.user = id;
  out.principal = "local://" + std::string(id);
  out.name = id;
  const Json* u = all_users(app).find(id);
  if (u == nullptr && app.me.str("id") == id) u = &app.me;
  if (u == nullptr) return out;
  const std::string_view name = u->str("name"), login = u->str("username");
  out.name = !name.empty() ? name : !login.empty() ? login : id;
  out.note = login == out.name ? std::string_view() : login;
  if (login.empty()) {
    if (const Json* all = u->find("principalIds"); all != nullptr && all->is_array()) {
      for (const Json& p : all->as_array()) {
        if (p.is_string() && !p.as_string().starts_with("local://")) {
          out.principal = p.as_string();
          out.note = provider_of(p.as_string());
        }
      }
    }
  }
  return out;
}

Person person_of_binding(App& app, const Json& b) {
  if (const std::string_view user = b.str("userId"); !user.empty())
    return person_of_user(app, user);
  Person out;
  out.principal = b.str("userPrincipalId");
  if (out.principal.empty()) {
    out.principal = b.str("groupPrincipalId", b.str("groupId"));
    out.group = !out.principal.empty();
  }
  out.name = principal_name(app, out.principal);
  out.note = (out.group ? "group" : "user") +
             (provider_of(out.principal).empty() ? "" : ", " + provider_of(out.principal));
  if (out.principal.empty()) out.name = b.str("serviceAccount", "\xe2\x80\x93");
  return out;
}

Person person_of_principal(App& app, const Json& p) {
  Person out;
  out.principal = p.str("id");
  out.group = p.str("principalType") == "group";
  if (out.principal.starts_with("local://") && !out.group) {
    out = person_of_user(app, short_principal(out.principal));
    if (!p.str("name").empty()) out.name = p.str("name");
    if (!p.str("loginName").empty() && p.str("loginName") != out.name)
      out.note = p.str("loginName");
    return out;
  }
  out.name = p.str("name", p.str("loginName"));
  if (out.name.empty()) out.name = short_principal(out.principal);
  out.note = std::string(out.group ? "group" : p.str("loginName"));
  const std::string_view provider = p.str("provider");
  if (!provider.empty() && provider != "local")
    out.note += (out.note.empty() ? "" : ", ") + std::string(provider);
  return out;
}

void set_person(Json& binding, const Person& person) {
  if (person.group)
    binding.set("groupPrincipalId", person.principal);
  else if (!person.user.empty())
    binding.set("userId", person.user);
  else
    binding.set("userPrincipalId", person.principal);
}

void PersonPicker::reset() {
  chosen = Person();
  typed_.clear();
  searched_.clear();
  error_.clear();
  found_.clear();
  search_at_ = -1;
}

void PersonPicker::search(App& app) {
  search_at_ = -1;
  searched_ = typed_;
  searching_ = true;
  app.api.send("POST", "/v3/principals?action=search", Json::object({{"name", typed_}}),
               alive_.guard([this, &app, asked = typed_](Result<Json> answer) {
                 if (asked != searched_) return;  // a later one is under way
                 searching_ = false;
                 found_.clear();
                 error_ = answer ? std::string() : answer.error().message();
                 if (!answer) return;
                 const Json* data = answer->find("data");
                 if (data == nullptr || !data->is_array()) return;
                 for (const Json& p : data->as_array())
                   found_.push_back(person_of_principal(app, p));
               }));
}

void PersonPicker::draw(App& app, float x, float y, float w, bool focus) {
  const auto& c = col();
  if (chosen.known()) {
    field_label(x, y, w, "Who");
    const Rect r = box(x, y + 22, w, 40);
    fill(r, c.surface_selected, tokens::kRadiusUseInput);
    outline(r, c.accent_border, tokens::kRadiusUseInput);
    monogram(r.Min.x + 8, r.Min.y + 8, 24, chosen.name);
    const float nw = text_fit(r.Min.x + 42, r.Min.y, tokens::kTypeBodyStrong, c.text_primary,
                              chosen.name, w - 100, 40);
    text_fit(r.Min.x + 52 + nw, r.Min.y, tokens::kTypeSmall, c.text_tertiary, chosen.note,
             w - nw - 110, 40);
    say_text(r, "Chosen: " + chosen.name);
    if (icon_button(r.Max.x - 36, r.Min.y + 4, tokens::kIconClose, "Choose somebody else").pressed)
      reset();
    return;
  }
  field_label(x, y, w, "Who", "a user or a group");
  if (input(box(x, y + 22, w, 32), "Search users and groups", typed_,
            {.hint = "Name, username or group", .icon = tokens::kIconMagnify, .focus = focus})) {
    search_at_ = typed_.empty() ? -1 : ui().now + kRest;
    if (typed_.empty()) {
      found_.clear();
      searched_.clear();
    }
  }
  if (search_at_ >= 0) {
    if (ui().now >= search_at_)
      search(app);
    else
      ui().after(search_at_ - ui().now);
  }
  y += 60;
  if (!error_.empty()) {
    text_wrap(x + 8, y + 8, tokens::kTypeSmall, c.state_error_text, error_, w - 16, 16, 3);
  } else if (found_.empty()) {
    const bool none = !searched_.empty() && !searching_ && searched_ == typed_;
    text_fit(x + 8, y + 4, tokens::kTypeSmall, c.text_tertiary,
             none ? "Nobody is called that" : "Type at least the beginning of a name", w - 16, 24);
  }
  for (size_t i = 0; i < found_.size() && i < kFound; i++) {
    const Person& p = found_[i];
    const Rect r = box(x, y + 4 + 40 * static_cast<float>(i), w, 38);
    const ImGuiID id = id_of(p.principal + p.user);
    const Hit h = hit(id, r);
    if (h.hovered) fill(r, c.surface_hover, tokens::kRadiusUseMenuItem);
    if (h.focused) focus_ring(r, tokens::kRadiusUseMenuItem, true);
    monogram(r.Min.x + 8, r.Min.y + 7, 24, p.name);
    const float nw = text_fit(r.Min.x + 42, r.Min.y, tokens::kTypeBodyStrong, c.text_primary,
                              p.name, w - 60, 38);
    text_fit(r.Min.x + 52 + nw, r.Min.y, tokens::kTypeSmall, c.text_tertiary, p.note, w - nw - 60,
             38);
    ui().mirror.say(id, Role::kButton, "Choose " + p.name, place(r));
    if (h.pressed) chosen = p;
  }
}

}  // namespace web
