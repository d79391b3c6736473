// Batches of images: bytes of the chosen ones gathered, mirrored, shifted and made float in one pass, and floats made
// bytes.
#include "Internal.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace ctorch {
namespace {

/// Each product and each sum rounded by itself, as libtorch's two operations are.
CT_WIDE_KERNEL(void, scale_bytes, (const uint8_t *from, float *to, int64_t count, float scale, float offset),
               (from, to, count, scale, offset)) {
#pragma clang fp contract(off)
  for (int64_t i = 0; i < count; i++) {
    const float scaled = static_cast<float>(from[i]) * scale;
    to[i] = scaled + offset;
  }
}

/// The nearest of 256 levels, halves up; below `low` and NaN are 0, above `high` 255. Each operation is rounded by
/// itself.
CT_WIDE_KERNEL(void, nearest_bytes, (const float *from, uint8_t *to, int64_t count, float low, float span),
               (from, to, count, low, span)) {
#pragma clang fp contract(off)
  for (int64_t i = 0; i < count; i++) {
    float value = (from[i] - low) / span * 255;
    value = value > 0 ? value : 0;
    value = value < 255 ? value : 255;
    const int32_t whole = static_cast<int32_t>(value);
    to[i] = static_cast<uint8_t>(whole + (value - static_cast<float>(whole) >= 0.5f));
  }
}

/// Three planes of `count` bytes to pixels of three.
CT_WIDE_KERNEL(void, interleave, (const uint8_t *planes, uint8_t *to, int64_t count), (planes, to, count)) {
  const uint8_t *const red = planes, *const green = planes + count, *const blue = planes + 2 * count;
  for (int64_t i = 0; i < count; i++) {
    to[3 * i] = red[i];
    to[3 * i + 1] = green[i];
    to[3 * i + 2] = blue[i];
  }
}

struct ImageSet {
  const uint8_t *pixels;
  int64_t channels, height, width;
  float scale, offset;
  bool reflects;

  int64_t image_size() const { return channels * height * width; }

  /// Where an index outside of 0 ..< size is read; -1 for nowhere. Reflection does not repeat the edge.
  int64_t inside(int64_t index, int64_t size) const {
    if (index >= 0 && index < size) return index;
    if (!reflects) return -1;
    return index < 0 ? -index : 2 * (size - 1) - index;
  }

  void copy(int64_t image, float *to) const {
    scale_bytes(pixels + image * image_size(), to, image_size(), scale, offset);
  }

  /// Mirrored first, then moved `down` and to the `right`. `line` has room for two rows.
  void copy_moved(int64_t image, const CTImageMove &move, uint8_t *line, float *to) const {
    uint8_t *const mirrored = line + width;
    for (int64_t row = 0; row < channels * height; row++, to += width) {
      const int64_t channel = row / height, y = inside(row % height - move.down, height);
      if (y < 0) {
        std::memset(line, 0, width);
      } else {
        const uint8_t *from = pixels + image * image_size() + (channel * height + y) * width;
        if (move.mirrored) {
          std::reverse_copy(from, from + width, mirrored);
          from = mirrored;
        }
        const int64_t first = std::max<int64_t>(0, move.right), last = width + std::min<int64_t>(0, move.right);
        std::memcpy(line + first, from + first - move.right, last - first);
        const auto fill = [&](int64_t x) {
          const int64_t source = inside(x - move.right, width);
          line[x] = source < 0 ? 0 : from[source];
        };
        for (int64_t x = 0; x < first; x++) fill(x);
        for (int64_t x = last; x < width; x++) fill(x);
      }
      scale_bytes(line, to, width, scale, offset);
    }
  }
};

}  // namespace
}  // namespace ctorch

CTensor *ct_image_batch(const uint8_t *pixels, int64_t count, int64_t channels, int64_t height, int64_t width,
                        const int64_t *chosen, int64_t chosen_count, const CTImageMove *moves, bool reflects,
                        double scale, double offset, bool flat, CTDevice place) {
  using namespace ctorch;
  return operation("imageBatch", {}, [&] {
    const ImageSet images = {pixels, channels, height, width, static_cast<float>(scale), static_cast<float>(offset),
                             reflects};
    for (int64_t i = 0; i < chosen_count; i++) {
      TORCH_CHECK(chosen[i] >= 0 && chosen[i] < count, "there is no image ", chosen[i], " among ", count);
      if (moves)
        TORCH_CHECK(std::abs(moves[i].down) < height && std::abs(moves[i].right) < width, "images of ", height, " x ",
                    width, " cannot be shifted by ", moves[i].down, " and ", moves[i].right);
    }
    const int64_t size = images.image_size();
    auto batch = flat ? at::empty({chosen_count, size}, at::kFloat)
                      : at::empty({chosen_count, channels, height, width}, at::kFloat);
    float *const to = batch.mutable_data_ptr<float>();
    const int64_t grain = std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, size));
    parallel_for(0, chosen_count, grain, [&](int64_t first, int64_t last) {
      std::vector<uint8_t> line(moves ? 2 * width : 0);
      for (int64_t i = first; i < last; i++) {
        const bool moved = moves && (moves[i].mirrored || moves[i].down || moves[i].right);
        if (moved) images.copy_moved(chosen[i], moves[i], line.data(), to + i * size);
        else images.copy(chosen[i], to + i * size);
      }
    });
    return batch.to(device(place));
  });
}

CTensor *ct_image_bytes(CTensor *images, double low, double high) {
  using namespace ctorch;
  return operation("imageBytes", {images}, [&] {
    const auto values = tensor(images).to(at::kCPU, at::kFloat).contiguous();
    TORCH_CHECK(values.dim() == 4, "images [N, C, H, W] are wanted, not ", values.sizes());
    const int64_t count = values.size(0), channels = values.size(1), plane = values.size(2) * values.size(3);
    auto bytes = at::empty({count, values.size(2), values.size(3), channels}, at::kByte);
    const float *const from = values.const_data_ptr<float>();
    uint8_t *const to = bytes.mutable_data_ptr<uint8_t>();
    const int64_t size = channels * plane;
    const int64_t grain = std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, size));
    parallel_for(0, count, grain, [&](int64_t first, int64_t last) {
      std::vector<uint8_t> planes(size);
      for (int64_t i = first; i < last; i++) {
        nearest_bytes(from + i * size, channels == 1 ? to + i * size : planes.data(), size, low, high - low);
        if (channels == 3) {
          interleave(planes.data(), to + i * size, plane);
        } else if (channels != 1) {
          for (int64_t pixel = 0; pixel < plane; pixel++)
            for (int64_t c = 0; c < channels; c++) to[i * size + pixel * channels + c] = planes[c * plane + pixel];
        }
      }
    });
    return bytes;
  });
}
