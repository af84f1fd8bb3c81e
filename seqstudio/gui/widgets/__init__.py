"""Small parts that all pages share: colours, layouts, an axis, banners, facts."""
