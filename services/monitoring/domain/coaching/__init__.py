"""What coaches do: findings, guidance, appeals."""
