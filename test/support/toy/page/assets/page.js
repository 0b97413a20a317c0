document.title = 'Toy page ran'
