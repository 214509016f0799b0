"""What a release is checked with and made of: audits, the bill of materials, the bundle. No part of the product."""
