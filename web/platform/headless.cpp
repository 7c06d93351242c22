#include "web/platform/headless.h"

#include "imgui.h"
#include "imgui_internal.h"

namespace web {

RequestId Headless::fetch(HttpRequest request, HttpHandlers handlers) {
  asked.push_back({next_, std::move(request), std::move(handlers)});
  return next_++;
}

void Headless::cancel(RequestId id) {
  std::erase_if(asked, [&](const Asked& a) { return a.id == id; });
}

RequestId Headless::open_socket(std::string, std::string, SocketHandlers handlers) {
  sockets[next_] = std::move(handlers);
  return next_++;
}

bool Headless::answer(std::string_view method, std::string_view url, int status, std::string body) {
  for (size_t i = 0; i < asked.size(); i++) {
    if (asked[i].request.method != method || !asked[i].request.url.starts_with(url)) continue;
    const Asked one = std::move(asked[i]);
    asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(i));
    if (one.handlers.chunk && status < 300) {
      one.handlers.chunk(body);
      body.clear();
    }
    HttpAnswer out;
    out.status = status;
    out.body = std::move(body);
    one.handlers.done(std::move(out));
    return true;
  }
  return false;
}

void Headless::render(ImDrawData* data, uint32_t, const std::vector<Ground>&) {
  drawn++;
  if (data->Textures == nullptr) return;
  for (ImTextureData* texture : *data->Textures) {
    if (texture->Status == ImTextureStatus_OK) continue;
    const bool gone = texture->Status == ImTextureStatus_WantDestroy;
    texture->SetTexID(gone ? ImTextureID_Invalid : 1);
    texture->SetStatus(gone ? ImTextureStatus_Destroyed : ImTextureStatus_OK);
  }
}

}  // namespace web
