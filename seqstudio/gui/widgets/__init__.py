"""Small parts that all pages share: colours, an axis, banners, facts."""
