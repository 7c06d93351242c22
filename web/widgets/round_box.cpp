// Rounded boxes as nine-slices of small sprites in the fonts' atlas: 18 triangles each instead of a
// hundred, which is what software rendering pays for.
#include <cmath>

#include "web/widgets/ui.h"

namespace web {
namespace {

constexpr int kPad = 1;           // empty texels around, so that an edge between pixels is smooth
constexpr int kFlat = 3;          // equal texels in the middle: what is stretched
constexpr float kRadiusMax = 24;  // device pixels; larger ones are rare and drawn as paths

float inside(float distance) {
  return ImClamp(0.5f - distance, 0.0f, 1.0f);
}

// How far the centre of texel (x, y) is outside a box of n texels with rounded corners.
float distance_to(int x, int y, float n, float radius) {
  const float half = n / 2;
  const float qx = std::fabs(static_cast<float>(x) + 0.5f - kPad - half) - half + radius;
  const float qy = std::fabs(static_cast<float>(y) + 0.5f - kPad - half) - half + radius;
  return std::sqrt(ImMax(qx, 0.0f) * ImMax(qx, 0.0f) + ImMax(qy, 0.0f) * ImMax(qy, 0.0f)) +
         ImMin(ImMax(qx, qy), 0.0f) - radius;
}

int corner_of(const RoundSprite& s) {
  return static_cast<int>(std::ceil(ImMax(s.radius, s.width))) + 1;
}

// `width` 0 is a filled box, else a line of that width inside the edge. All in device pixels.
const RoundSprite* sprite_of(float radius, float width) {
  for (const RoundSprite& s : ui().round_sprites) {
    if (s.radius == radius && s.width == width) return &s;
  }
  RoundSprite s{radius, width, ImFontAtlasRectId_Invalid};
  const int n = 2 * corner_of(s) + kFlat, side = n + 2 * kPad;
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  ImFontAtlasRect r;
  s.id = atlas.AddCustomRect(side, side, &r);
  if (s.id == ImFontAtlasRectId_Invalid) return nullptr;
  for (int y = 0; y < side; y++) {
    auto* row = static_cast<uint8_t*>(atlas.TexData->GetPixelsAt(r.x, r.y + y));
    for (int x = 0; x < side; x++) {
      const float d = distance_to(x, y, static_cast<float>(n), radius);
      const float hole = width == 0 ? 0 : inside(d + width);
      row[x] = static_cast<uint8_t>(std::lround((inside(d) - hole) * 255));
    }
  }
  ui().round_sprites.push_back(s);
  return &ui().round_sprites.back();
}

}  // namespace

bool round_box(const Rect& r, Color color, float radius, float width) {
  const float dpr = ui().dpr;
  const ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  const float dev = std::round(radius * dpr * 4) / 4, line = std::round(width * dpr * 4) / 4;
  if (dev > kRadiusMax || atlas.TexData == nullptr ||
      atlas.TexData->Format != ImTextureFormat_Alpha8)
    return false;
  if ((color & IM_COL32_A_MASK) == 0) return true;
  const float c = std::ceil(ImMax(dev, line)) + 1;
  if (r.GetWidth() * dpr < 2 * c || r.GetHeight() * dpr < 2 * c) return false;
  const RoundSprite* s = sprite_of(dev, line);
  ImFontAtlasRect at;
  if (s == nullptr || !atlas.GetCustomRect(s->id, &at)) return false;
  const float pad = kPad / dpr, edge = c / dpr;
  const float x[] = {r.Min.x - pad, r.Min.x + edge, r.Max.x - edge, r.Max.x + pad};
  const float y[] = {r.Min.y - pad, r.Min.y + edge, r.Max.y - edge, r.Max.y + pad};
  // Between the second and the third all texels are the same, and so are their neighbours.
  const float from = c + kPad, side = static_cast<float>(at.w);
  const float t[] = {0, from, side - from, side};
  const float du = (at.uv1.x - at.uv0.x) / side, dv = (at.uv1.y - at.uv0.y) / side;
  ImDrawList& list = *canvas();
  const bool hollow = width > 0;
  list.PrimReserve(hollow ? 48 : 54, 16);
  const auto base = static_cast<ImDrawIdx>(list._VtxCurrentIdx);
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 3; k++) {
      if (hollow && i == 1 && k == 1) continue;
      const auto a = static_cast<ImDrawIdx>(base + i * 4 + k);
      for (const int step : {0, 1, 5, 0, 5, 4}) list.PrimWriteIdx(static_cast<ImDrawIdx>(a + step));
    }
  }
  for (int i = 0; i < 4; i++) {
    for (int k = 0; k < 4; k++) {
      list.PrimWriteVtx(ImVec2(x[k], y[i]), ImVec2(at.uv0.x + t[k] * du, at.uv0.y + t[i] * dv),
                        color);
    }
  }
  return true;
}

}  // namespace web
