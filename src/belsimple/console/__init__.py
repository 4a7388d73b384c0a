"""What people see: templates, the stylesheet, and how a page is made of them."""
