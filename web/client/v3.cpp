#include "web/client/v3.h"

#include <algorithm>

namespace web {

Collection& V3::collection(const std::string& type, const std::string& path) {
  auto& slot = collections_[path];
  if (!slot) {
    slot = std::make_unique<Collection>();
    slot->type = type;
    slot->path = path;
    reload(*slot);
  }
  return *slot;
}

void V3::put(Collection& c, Json object) {
  const std::string id(object.str("id"));
  if (id.empty()) return;
  c.items[id] = std::move(object);
  c.version++;
  c.updated_wall = api_.backend().wall_ms();
}

void V3::reload(Collection& c) {
  if (c.loading) return;
  c.loading = true;
  Collection* target = &c;  // collections live as long as this object
  api_.get(c.path + (c.path.find('?') == c.path.npos ? "?limit=-1" : "&limit=-1"),
           [this, target](Result<Json> answer) {
             target->loading = false;
             if (!answer) {
               target->error = answer.error().message();
               return;
             }
             target->error.clear();
             target->loaded = true;
             target->items.clear();
             if (Json* data = answer->find("data"); data != nullptr && data->is_array()) {
               for (Json& item : data->as_array()) put(*target, std::move(item));
             }
             target->version++;
             target->updated_wall = api_.backend().wall_ms();
           });
}

void V3::reload_all() {
  for (auto& [path, c] : collections_) reload(*c);
}

void V3::connect() {
  retry_at_ = -1;
  if (socket_ != 0) return;
  SocketHandlers handlers;
  handlers.open = [this](std::string_view) {
    const bool again = ever_live_;
    live_ = ever_live_ = true;
    broken_since_ = 0;
    pause_ = 0;
    api_.note(true);
    if (again) reload_all();
  };
  handlers.message = [this](std::string_view text) { on_message(text); };
  handlers.closed = [this](int, std::string_view) {
    socket_ = 0;
    const double now = api_.backend().now_ms();
    if (live_ || broken_since_ == 0) broken_since_ = now;
    live_ = false;
    pause_ = std::min(15000.0, std::max(500.0, pause_ * 2));
    retry_at_ = now + pause_;
  };
  socket_ = api_.backend().open_socket(
      "/v3/"
      "subscribe?eventNames=resource.change&eventNames=resource.create&eventNames=resource.remove"
      "&resourceTypes=cluster&resourceTypes=node&resourceTypes=clusterRegistrationToken&"
      "resourceTypes=user"
      "&resourceTypes=token&resourceTypes=setting&resourceTypes=project&resourceTypes=globalRole"
      "&resourceTypes=globalRoleBinding&resourceTypes=roleTemplate"
      "&resourceTypes=clusterRoleTemplateBinding&resourceTypes=projectRoleTemplateBinding",
      "", std::move(handlers));
}

void V3::tick(double now) {
  if (socket_ == 0 && retry_at_ >= 0 && now >= retry_at_) connect();
}

void V3::on_message(std::string_view text) {
  auto message = engine::parse_json(text);
  if (!message) return;
  const std::string_view name = message->str("name");
  Json* data = message->find("data");
  if (name == "ping" || data == nullptr || !data->is_object()) return;
  const std::string type(data->str("type")), id(data->str("id"));
  const bool removed = name == "resource.remove" || data->str("state") == "removed";
  for (auto& [path, c] : collections_) {
    if (c->type != type || !c->loaded) continue;
    if (removed) {
      if (c->items.erase(id) > 0) c->version++;
      continue;
    }
    const size_t query = path.find('?'), equals = path.find('=');
    if (query != path.npos && url_unescape(path.substr(equals + 1)) !=
                                  data->str(path.substr(query + 1, equals - query - 1)))
      continue;
    if (data->find("links") != nullptr || data->size() > 3) {
      put(*c, *data);
    } else {
      reload(*c);  // only told that something changed
    }
  }
}

}  // namespace web
