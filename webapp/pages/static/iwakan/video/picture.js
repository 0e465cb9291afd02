// Lays an element over the picture alone: the player keeps its proportions and leaves bars beside it.

export function overPicture(player, layer) {
  const place = () => {
    if (!player.videoWidth) return;
    const { clientWidth, clientHeight, videoWidth, videoHeight } = player;
    const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    const [width, height] = [videoWidth * scale, videoHeight * scale];
    Object.assign(layer.style, {
      left: `${player.offsetLeft + (clientWidth - width) / 2}px`,
      top: `${player.offsetTop + (clientHeight - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  };
  player.addEventListener("loadedmetadata", place);
  new ResizeObserver(place).observe(player);
}
